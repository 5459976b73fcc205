/** The organization that the examples of docs/jit play in, made anew for whoever asks. */

import {
  type Answer,
  adminToken,
  group,
  patchOp,
  type ScimClient,
  type TestConnection,
  type Usher,
  user,
} from '../blackbox/usher.ts'
import type { Claims, TestProvider } from '../provider/test-provider.ts'

export interface Stage {
  readonly connection: TestConnection
  readonly scim: ScimClient
  readonly slug: string
  /** The JIT settings of the connection, as the page of modes shows them. */
  readonly settings: Readonly<Record<string, unknown>>
  /** A call below the organization by the operator, whatever the answer. */
  ask(method: string, path: string, body?: unknown): Promise<Answer>
  /** A login of this person, with claims over the usual ones; `undefined` takes one away. */
  login(name: Name, more?: Claims): Promise<Answer>
  claims(name: Name): Claims
  userShown(id: string): Promise<Answer['body']>
  /** What stands in the pages for what is another one in every run, such as `{anna}` for her id. */
  readonly names: Map<string, string>
  /** The text of a page with the real values, and the other way round. */
  real(text: string): string
  told(text: string): string
}

const people = {
  anna: { given_name: 'Anna', family_name: 'Berg' },
  mateo: { given_name: 'Mateo', family_name: 'Silva', groups: ['managers'] },
  priya: { given_name: 'Priya', family_name: 'Nair' },
  nina: { given_name: 'Nina', family_name: 'Lund' },
  carla: { given_name: 'Carla', family_name: 'Novak', email: 'carla@freelance.example' },
  otto: { given_name: 'Otto', family_name: 'Falk' },
} satisfies Record<string, Claims>
export type Name = keyof typeof people

const groupNames = ['Managers', 'Engineers', 'Crew'] as const

/**
 * Anna and Mateo have signed in, he by a group `managers`; SCIM has pushed Priya, set Anna's displayName and put Mateo
 * into the Crew; an administrator has set Anna's title.
 */
export async function buildStage(usher: Usher, provider: TestProvider): Promise<Stage> {
  const organization = await usher.organization()
  const scim = await organization.scimClient({ name: 'Entra' })
  const names = new Map<string, string>([['{entra}', scim.id]])
  for (const displayName of groupNames) {
    const { id } = await scim.must('POST', '/Groups', group(displayName))
    names.set(`{${displayName}}`, id)
  }
  const mapping = [
    { value: 'managers', group: 'Managers' },
    { value: 'engineers', group: 'Engineers' },
  ]
  const settings = {
    attributes: [
      { attribute: 'name.givenName', claim: 'given_name' },
      { attribute: 'name.familyName', claim: 'family_name' },
      { attribute: 'nickName', claim: 'nickname' },
      { attribute: 'displayName', claim: 'name' },
    ],
    groups: { mode: 'sync', claim: 'groups', mapping },
  }
  const connection = await organization.connection(provider, { name: 'contoso', jit: settings })
  names.set('{contoso}', connection.id)
  const claims = (name: Name): Claims => ({
    sub: name,
    email: `${name}@${organization.domain}`,
    email_verified: true,
    groups: [],
    ...people[name],
  })
  const login = async (name: Name, more: Claims = {}) => {
    const answer = await connection.login({ ...claims(name), ...more })
    if (answer.body.user) names.set(`{${name}}`, answer.body.user.id)
    return answer
  }
  const asOperator = (method: string, path: string, body?: unknown) =>
    usher.call(method, `/scim/v2/${organization.slug}${path}`, {
      token: adminToken,
      body,
      headers: { 'content-type': 'application/scim+json' },
    })
  const anna = (await login('anna')).body.user.id
  await asOperator('PATCH', `/Users/${anna}`, patchOp({ op: 'add', path: 'title', value: 'Lead' }))
  await scim.must('PATCH', `/Users/${anna}`, patchOp({ op: 'add', path: 'displayName', value: 'Anna B.' }))
  const mateo = (await login('mateo')).body.user.id
  const crew = names.get('{Crew}')
  await scim.must('PATCH', `/Groups/${crew}`, patchOp({ op: 'add', path: 'members', value: [{ value: mateo }] }))
  const pushed = { externalId: 'priya', name: { givenName: 'Priya' } }
  names.set('{priya}', (await scim.must('POST', '/Users', user(`priya@${organization.domain}`, pushed))).id)

  const pairs = () => [...names, ['acme.example', organization.domain] as const]
  return {
    slug: organization.slug,
    settings,
    connection,
    scim,
    ask: organization.ask,
    login,
    claims,
    userShown: async (id) => (await asOperator('GET', `/Users/${id}`)).body,
    names,
    real: (text) => pairs().reduce((so, [told, real]) => so.replaceAll(told, real), text),
    told: (text) => pairs().reduce((so, [told, real]) => so.replaceAll(real, told), text),
  }
}
