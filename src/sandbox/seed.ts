import type { OrganizationRef, RequestContext } from '../context.ts'
import type { Directory } from '../directory/types.ts'
import { UsherError } from '../errors.ts'
import { createConnection, listConnections, patchConnection } from '../organizations/connections.ts'
import { createDomain } from '../organizations/domains.ts'
import type { OrganizationContext, OrganizationsEnvironment } from '../organizations/environment.ts'
import { createOrganization, organizationBySlug, patchOrganization } from '../organizations/organizations.ts'
import { listRoles, putRole } from '../organizations/roles.ts'
import { createScimClient, listScimClients } from '../organizations/scim-clients.ts'
import type { Organizations } from '../organizations/types.ts'
import type { SchemaRegistry } from '../schema/registry.ts'
import { dialects } from '../scim/dialects.ts'
import { type Person, people } from './people.ts'
import { demoClientId } from './provider.ts'
import { keepScimToken } from './scim-token.ts'

/** What the seed works with. */
export interface SandboxRooms {
  readonly environment: OrganizationsEnvironment
  readonly organizations: Pick<Organizations, 'authenticate'>
  readonly directory: Pick<Directory, 'apply' | 'list'>
  readonly registry: Pick<SchemaRegistry, 'resourceType'>
  /** Where the token of the SCIM client is kept between starts. */
  readonly dataDir: string
  readonly now: () => Date
}

/** The demo organization as the start page shows it. */
export interface Sandbox {
  readonly organization: OrganizationRef
  readonly connection: string
  readonly scimClient: string
  readonly scimToken: string
  /** SCIM base URL, without a trailing slash. */
  readonly baseUrl: string
}

/** Slug of the demo organization. */
export const sandboxSlug = 'acme'
const domain = 'acme.example'
const connectionName = 'contoso'
const scimClientName = 'contoso'
const groupName = 'Managers'
const roles = [
  { name: 'member', displayName: 'Member', description: 'Everybody in the organization.' },
  { name: 'manager', displayName: 'Manager', description: 'Given by the groups claim of the demo identity provider.' },
  {
    name: 'admin',
    displayName: 'Administrator',
    description: 'Privileged: granted by the operator.',
    privileged: true,
  },
] as const

/**
 * Sets the demo organization up: what is there already stays as it is, so that it can run at every start. The group and
 * the person whom SCIM has pushed come by SCIM operations of the demo's SCIM client, as any other.
 */
export async function seedSandbox(
  rooms: SandboxRooms,
  provider: { readonly issuer: string; readonly clientSecret: string },
): Promise<Sandbox> {
  const { environment } = rooms
  const organization = await ensureOrganization(rooms)
  const operator: OrganizationContext = {
    requestId: 'sandbox',
    principal: { kind: 'operator' },
    now: rooms.now(),
    organization,
  }
  const vouched = { domain, verified: true, reason: 'The domain of the sandbox.' }
  await unlessPresent(createDomain(environment, operator, vouched))
  await ensureRoles(environment, operator)
  const client = await ensureScimClient(environment, operator)
  const baseUrl = `${environment.publicUrl}/scim/v2/${sandboxSlug}`
  const scim = scimContext(operator, client, baseUrl)
  const group = await ensureGroup(rooms, scim)
  for (const person of people) if (person.pushed) await push(rooms, scim, person)
  const connection = await ensureConnection(environment, operator, provider, group)
  const scimToken = await keepScimToken(rooms, operator, client)
  return { organization, connection, scimClient: client, scimToken, baseUrl }
}

async function ensureOrganization({ environment, now }: SandboxRooms): Promise<OrganizationRef> {
  await unlessPresent(createOrganization(environment, now(), { slug: sandboxSlug, displayName: 'Acme' }))
  const found = await organizationBySlug(environment, sandboxSlug)
  if (found === null) throw new UsherError('unavailable', 'The demo organization is not there.')
  return found
}

async function ensureRoles(environment: OrganizationsEnvironment, operator: OrganizationContext): Promise<void> {
  const present = await listRoles(environment, operator, { limit: 100 })
  for (const { name, ...role } of roles) {
    if (!present.items.some((each) => each.name === name)) await putRole(environment, operator, name, role)
  }
  if (operator.organization.defaultRole === null) {
    await patchOrganization(environment, operator, { defaultRole: 'member' })
  }
}

async function ensureScimClient(environment: OrganizationsEnvironment, operator: OrganizationContext): Promise<string> {
  const present = await listScimClients(environment, operator, { limit: 100 })
  const found = present.items.find(({ name }) => name === scimClientName)
  return (found ?? (await createScimClient(environment, operator, { name: scimClientName }))).id
}

function scimContext(operator: OrganizationContext, client: string, baseUrl: string): RequestContext {
  return {
    ...operator,
    principal: {
      kind: 'scim',
      id: client,
      name: scimClientName,
      organization: operator.organization.id,
      onExisting: 'conflict',
      allowPrivileged: false,
      scopes: ['scim'],
    },
    source: `scim:${client}`,
    dialect: dialects.rfc,
    baseUrl,
    note: () => {},
  }
}

/** Gives the id of the group that the groups claim maps to. */
async function ensureGroup({ directory, registry }: SandboxRooms, scim: RequestContext): Promise<string> {
  const groupType = registry.resourceType('Group')
  const groups = { type: groupType, filter: null, sort: null, wants: () => true }
  const page = await directory.list(scim, [groups], { kind: 'index', startIndex: 1, count: 100 })
  const found = page.rows.find(({ resource }) => resource.displayName === groupName)
  if (found) return found.id
  const data = { schemas: [groupType.schema], displayName: groupName }
  const [applied] = await directory.apply(scim, [{ method: 'POST', type: groupType, data }])
  return applied!.id
}

async function push({ directory, registry }: SandboxRooms, scim: RequestContext, person: Person): Promise<void> {
  const userType = registry.resourceType('User')
  const data = {
    schemas: [userType.schema],
    userName: person.email,
    externalId: person.subject,
    name: { givenName: person.givenName, familyName: person.familyName },
    displayName: `${person.givenName} ${person.familyName}`,
    emails: [{ value: person.email, type: 'work', primary: true }],
    active: true,
  }
  await unlessPresent(directory.apply(scim, [{ method: 'POST', type: userType, data }]))
}

async function ensureConnection(
  environment: OrganizationsEnvironment,
  operator: OrganizationContext,
  provider: { readonly issuer: string; readonly clientSecret: string },
  group: string,
): Promise<string> {
  const present = await listConnections(environment, operator, { limit: 100 })
  const found = present.items.find(({ issuer }) => issuer === provider.issuer)
  if (found) {
    await patchConnection(environment, operator, found.id, { clientSecret: provider.clientSecret })
    return found.id
  }
  // The demo provider has moved to another port: an issuer cannot be changed, so the connection is a new one.
  const former = present.items.find(({ name }) => name === connectionName)
  if (former) {
    const name = `${connectionName} until ${operator.now.toISOString()}`
    await patchConnection(environment, operator, former.id, { name, enabled: false })
  }
  const created = await createConnection(environment, operator, {
    name: connectionName,
    type: 'oidc',
    issuer: provider.issuer,
    clientId: demoClientId,
    clientSecret: provider.clientSecret,
    scopes: ['openid', 'profile', 'email', 'groups'],
    jit: {
      groups: { mode: 'sync', claim: 'groups', mapping: [{ value: 'managers', group }] },
      roles: { mode: 'sync', claim: 'groups', mapping: [{ value: 'managers', role: 'manager' }] },
    },
  })
  return created.id
}

/** What an earlier start has made is left alone. */
async function unlessPresent(making: Promise<unknown>): Promise<void> {
  try {
    await making
  } catch (error) {
    if (error instanceof UsherError && ['already_exists', 'uniqueness'].includes(error.code)) return
    throw error
  }
}
