/** What is there before anything is measured: an organization with many users, groups small and large, a connection. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Store } from '../src/store/store.ts'
import { createSigningKey } from '../test/provider/signing-key.ts'
import { TestProvider } from '../test/provider/test-provider.ts'
import { renamed } from './copies.ts'
import { loadUsers } from './loader.ts'
import type { Client } from './measure.ts'

export const operatorToken = `usher_admin_${randomBytes(32).toString('hex')}`
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

export interface Stage {
  readonly org: string
  readonly slug: string
  readonly token: string
  /** The operator's token, which may hand in logins. */
  readonly operator: string
  /** Members of the large group. */
  readonly members: number
  readonly provider: TestProvider
  /** Connections whose logins give nothing, and membership of one group. */
  readonly plain: string
  readonly grouped: string
  readonly userIds: readonly string[]
  readonly smallGroups: readonly string[]
  readonly largeGroup: string
  /** Makes a group with this many users of its own, and gives its id. */
  readonly fillGroup: (size: number) => Promise<string>
  /** Documents of one user that SCIM made and one that a login made, for the floor to copy. */
  readonly scimUser: string
  readonly loginUser: string
}

export function userBody(name: string, domain = 'bench.example') {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', enterprise],
    userName: `${name}@${domain}`,
    externalId: name,
    name: { givenName: 'Ann', familyName: `Lee ${name}`, formatted: `Ann Lee ${name}` },
    displayName: `Ann Lee ${name}`,
    title: 'Engineer',
    active: true,
    emails: [{ value: `${name}@${domain}`, type: 'work', primary: true }],
    phoneNumbers: [{ value: '+1-555-0100', type: 'work' }],
    [enterprise]: { employeeNumber: name, department: 'Research' },
  }
}

export function claimsOf(name: string, domain = 'bench.example') {
  return {
    sub: name,
    email: `${name}@${domain}`,
    email_verified: true,
    given_name: 'Ann',
    family_name: `Lee ${name}`,
    name: `Ann Lee ${name}`,
    locale: 'en-US',
  }
}

/** Sets the stage: what is few through the API, what is many straight into the store, like what the API made. */
export async function setStage(
  client: Client,
  store: Store,
  options: { readonly uri: string; readonly users: number; readonly members: number },
): Promise<Stage> {
  const slug = 'bench'
  const admin = (method: string, path: string, body: unknown, status = 201) =>
    client.must({ method, path: `/api/v1/organizations${path}`, token: operatorToken, body, status })
  await admin('POST', '', { slug })
  await admin('PUT', `/${slug}/roles/member`, {})
  await admin('PATCH', `/${slug}`, { defaultRole: 'member' }, 200)
  await admin('POST', `/${slug}/domains`, { domain: 'bench.example', verified: true, reason: 'benchmark' })
  const { token } = await admin('POST', `/${slug}/scim-clients`, { name: 'bench' })
  const scim = (path: string, body: unknown) =>
    client.must({ method: 'POST', path: `/scim/v2/${slug}${path}`, token, body, status: 201 })

  const scimUser = (await scim('/Users', userBody('template-scim'))).id as string
  const group = async (displayName: string, members: readonly string[]) => {
    const body = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName }
    return (await scim('/Groups', { ...body, members: members.map((value) => ({ value })) })).id as string
  }
  const largeGroup = await group('Everybody', [scimUser])
  const joined = await group('Newcomers', [])

  const provider = await TestProvider.start()
  provider.signingKey = await createSigningKey('RS256')
  provider.publishedKeys = [provider.signingKey]
  const connection = async (name: string, jit: object) => {
    const { issuer, clientId, clientSecret } = provider
    const body = { name, type: 'oidc', issuer, clientId, clientSecret }
    const limits = { createsPerHour: 1_000_000 }
    return (await admin('POST', `/${slug}/connections`, { ...body, jit: { limits, ...jit } })).id as string
  }
  const plain = await connection('plain', {})
  const grouped = await connection('grouped', { groups: { mode: 'assign', assign: [joined] } })
  const idToken = await provider.idToken(claimsOf('template-login'))
  const login = await admin('POST', `/${slug}/connections/${plain}/logins`, { idToken }, 200)
  const loginUser = login.user.id as string

  const template = (await store.users.everywhere.findOne({ _id: scimUser }))!
  const { org } = template
  const userIds = await loadUsers(options.uri, template, 'template-scim', options.users)
  const smallGroups: string[] = []
  // Spread over everybody: a page with members of groups costs more than one without.
  const distance = Math.floor(userIds.length / 200)
  for (let index = 0; index < 20; index += 1) {
    const members = Array.from({ length: 10 }, (_, place) => userIds[(index * 10 + place) * distance]!)
    smallGroups.push(await group(`Team ${index}`, members))
  }
  // They need no users of their own: what is measured never reads them.
  const nobody = Array.from({ length: options.members }, () => randomUUID())
  await copyMembers(store, org, largeGroup, scimUser, nobody)
  return {
    ...{ org, slug, token, operator: operatorToken, members: options.members, provider, plain, grouped },
    ...{ userIds, smallGroups, largeGroup, scimUser, loginUser },
    async fillGroup(size) {
      const filled = await group('Filled', [scimUser])
      const ids = Array.from({ length: size - 1 }, () => randomUUID())
      const copies = ids.map((id, index) => renamed(template, { [scimUser]: id, 'template-scim': `member-${index}` }))
      await store.users.insertMany(org, copies)
      await copyMembers(store, org, filled, scimUser, ids)
      return filled
    },
  }
}

async function copyMembers(
  store: Store,
  org: string,
  group: string,
  template: string,
  ids: readonly string[],
): Promise<void> {
  const [edge] = await store.memberships.find(org, { group, member: template }, { projection: { _id: 0 } })
  await store.memberships.insertMany(
    org,
    ids.map((member) => ({ ...edge!, member })),
  )
}
