/** An organization with a SCIM client and a connection, for tests of what happens when people sign in. */
import type { Claims, TestProvider } from '../provider/test-provider.ts'
import {
  type Answer,
  adminToken,
  group,
  type Organization,
  patchOp,
  type ScimClient,
  type Service,
  type TestConnection,
} from './usher.ts'

type Settings = Readonly<Record<string, unknown>>

export interface House {
  readonly organization: Organization
  readonly scim: ScimClient
  readonly connection: TestConnection
  /** The claims of a person of the organization's domain; those given come on top, `undefined` takes one away. */
  person(name: string, more?: Claims): Claims
  email(name: string): string
  /** The organization's users, read by the operator. */
  users(filter?: string): Promise<Answer['body']>
  user(id: string): Promise<Answer['body']>
  decision(of: Answer): Promise<Answer['body']>
  provenance(user: string): Promise<Answer['body']>
  changes(): Promise<readonly Answer['body'][]>
  /** Sets `active` by the SCIM client. */
  setActive(user: string, active: boolean): Promise<void>
}

export interface HouseSettings {
  readonly organization?: Settings
  readonly client?: Settings
  readonly connection?: Settings
  readonly jit?: Settings
}

export async function buildHouse(usher: Service, provider: TestProvider, settings: HouseSettings = {}): Promise<House> {
  const organization = await usher.organization(settings.organization)
  const scim = await organization.scimClient(settings.client)
  const connection = await organization.connection(provider, settings.connection)
  if (settings.jit !== undefined) await connection.jit(settings.jit)
  const email = (name: string) => `${name}@${organization.domain}`
  return {
    organization,
    scim,
    connection,
    email,
    person: (name, more = {}) => ({
      sub: `${name}-subject`,
      email: email(name),
      email_verified: true,
      given_name: name,
      family_name: 'Family',
      ...more,
    }),
    users: (filter) =>
      readScim(usher, organization, `/Users${filter === undefined ? '' : `?filter=${encodeURIComponent(filter)}`}`),
    user: (id) => readScim(usher, organization, `/Users/${id}`),
    decision: ({ body }) => organization.admin('GET', `/decisions/${body.decisionId}`),
    provenance: (user) => organization.admin('GET', `/users/${user}/provenance`),
    changes: async () => (await organization.admin('GET', '/changes?limit=200')).items,
    async setActive(user, active) {
      await scim.must('PATCH', `/Users/${user}`, patchOp({ op: 'replace', path: 'active', value: active }))
    },
  }
}

async function readScim(usher: Service, organization: Organization, path: string): Promise<Answer['body']> {
  const answer = await asOperator(usher, organization, 'GET', path)
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
  return answer.body
}

/** A house whose connection gives the group `Team` for the claim value `team` and the role `manager` for `lead`. */
export async function buildTeam(usher: Service, provider: TestProvider) {
  const home = await buildHouse(usher, provider)
  const { id } = await home.scim.must('POST', '/Groups', group('Team'))
  await home.organization.admin('PUT', '/roles/manager', {})
  await home.connection.jit({
    groups: { mode: 'sync', claim: 'teams', mapping: [{ value: 'team', group: 'Team' }] },
    roles: { mode: 'sync', claim: 'jobs', mapping: [{ value: 'lead', role: 'manager' }] },
  })
  const path = `/connections/${home.connection.id}`
  const hand = (idToken: string) => home.organization.ask('POST', `${path}/logins`, { idToken })
  return { ...home, team: id as string, path, hand }
}

/** A SCIM call with the operator's token: an administrator's hand. */
export function asOperator(
  usher: Service,
  organization: Organization,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  return usher.call(method, `/scim/v2/${organization.slug}${path}`, {
    token: adminToken,
    body,
    headers: { 'content-type': 'application/scim+json' },
  })
}

/** What a login was answered with: the outcome, or the code of the refusal. */
export function verdict({ status, body, text }: Answer): string {
  if (status === 200) return body.outcome
  if (typeof body?.code === 'string') return body.code
  throw new Error(`${status} ${text}`)
}

export function warningCodes({ body }: Answer): readonly string[] {
  return body.warnings.map(({ code }: { readonly code: string }) => code).sort()
}
