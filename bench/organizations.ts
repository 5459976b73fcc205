/** Many organizations, each with its own SCIM client, connection, users, and people who have signed in before. */
import { openStore, type Store } from '../src/store/store.ts'
import { createSigningKey } from '../test/provider/signing-key.ts'
import { TestProvider } from '../test/provider/test-provider.ts'
import { loadUsers } from './loader.ts'
import { Client } from './measure.ts'
import { loginOf } from './operations.ts'
import { claimsOf, operatorToken, userBody } from './stage.ts'

const organizationCount = 40
/** People of each organization who sign in during the day. */
const peopleCount = 25
/** Requests under way while all this is made. */
const connections = 32

export interface Organization {
  readonly slug: string
  readonly domain: string
  /** Of its SCIM client. */
  readonly token: string
  readonly connection: string
  /** Users that were loaded; the n-th is called `user-n`. */
  readonly userIds: readonly string[]
  /** Names of those who have signed in. */
  readonly people: readonly string[]
}

export interface OrganizationsOptions {
  readonly uri: string
  /** Users of each organization, and of the first one where that has more. */
  readonly users: number
  readonly large: number
}

/** What is few is made through the API, what is many straight in the store, in the form that the API gives it. */
export async function makeOrganizations(
  url: string,
  options: OrganizationsOptions,
): Promise<{ readonly provider: TestProvider; readonly organizations: readonly Organization[] }> {
  const { uri, users, large } = options
  const client = new Client(url, connections)
  const store = await openStore({ uri })
  const provider = await TestProvider.start()
  provider.signingKey = await createSigningKey('RS256')
  provider.publishedKeys = [provider.signingKey]
  try {
    const organizations: Organization[] = []
    for (let index = 0; index < organizationCount; index += 1) {
      const size = index === 0 ? Math.max(users, large) : users
      organizations.push(await makeOrganization(client, { store, provider, uri, slug: `bench-${index}`, size }))
    }
    await Promise.all(organizations.map((organization) => signInEverybody(client, provider, organization)))
    return { provider, organizations }
  } finally {
    client.close()
    await store.close()
  }
}

interface Making {
  readonly store: Store
  readonly provider: TestProvider
  readonly uri: string
  readonly slug: string
  readonly size: number
}

async function makeOrganization(client: Client, making: Making): Promise<Organization> {
  const { store, provider, uri, slug, size } = making
  const domain = `${slug}.example`
  const admin = (method: string, path: string, body: unknown, status = 201) =>
    client.must({ method, path: `/api/v1/organizations${path}`, token: operatorToken, body, status })
  await admin('POST', '', { slug })
  await admin('PUT', `/${slug}/roles/member`, {})
  await admin('PATCH', `/${slug}`, { defaultRole: 'member' }, 200)
  await admin('POST', `/${slug}/domains`, { domain, verified: true, reason: 'benchmark' })
  const { token } = await admin('POST', `/${slug}/scim-clients`, { name: 'bench' })
  const { issuer, clientId, clientSecret } = provider
  const settings = { name: 'bench', type: 'oidc', issuer, clientId, clientSecret }
  const { id: connection } = await admin('POST', `/${slug}/connections`, settings)

  const body = userBody('template', domain)
  const { id } = await client.must({ method: 'POST', path: `/scim/v2/${slug}/Users`, token, body, status: 201 })
  const template = (await store.users.everywhere.findOne({ _id: id }))!
  const userIds = await loadUsers(uri, template, 'template', size)
  const people = Array.from({ length: peopleCount }, (_, index) => `person-${index}`)
  return { slug, domain, token, connection, userIds, people }
}

async function signInEverybody(client: Client, provider: TestProvider, organization: Organization): Promise<void> {
  const { slug, domain, connection, people } = organization
  const signIn = async (person: string) => {
    const idToken = await provider.idToken(claimsOf(person, domain))
    await client.must(loginOf({ slug, operator: operatorToken }, connection, idToken))
  }
  await Promise.all(people.map(signIn))
}
