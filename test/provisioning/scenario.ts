/** Plain parts of a decision, each with what a test does not care about filled in. */
import type { Source } from '../../src/context.ts'
import { type DecisionInput, decide } from '../../src/provisioning/decide.ts'
import { effectiveSettings, readJitSettings } from '../../src/provisioning/settings.ts'
import type {
  ConnectionState,
  Decision,
  GroupState,
  IdentityState,
  RoleState,
  Snapshot,
  UserState,
  VerifiedLogin,
} from '../../src/provisioning/types.ts'
import { builtInDocuments, readDocuments } from '../../src/schema/documents.ts'
import { leaves } from '../../src/schema/leaves.ts'
import { createRegistry } from '../../src/schema/registry.ts'
import type { Resource } from '../../src/schema/types.ts'

export const userType = createRegistry(readDocuments([builtInDocuments])).resourceType('User')
export const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

export const issuer = 'https://login.contoso.example'
export const now = new Date('2026-03-01T12:00:00Z')
export const earlier = new Date('2026-02-01T12:00:00Z')
export const mine: Source = 'login:contoso'
export const defaults = { mode: 'on', attributeSyncMethod: 'PRESERVE_LOCAL' } as const

export function connection(jit: unknown = {}, over: Partial<ConnectionState> = {}): ConnectionState {
  const { stored } = readJitSettings(jit, defaults)
  return {
    id: 'contoso',
    name: 'Contoso',
    enabled: true,
    issuer,
    announcedIssuer: issuer,
    scimClients: ['hr'],
    settings: effectiveSettings(stored, defaults),
    settingsVersion: 1,
    ...over,
  }
}

export const anna = {
  sub: 'anna-sub',
  email: 'anna@acme.example',
  email_verified: true,
  given_name: 'Anna',
  family_name: 'Ahl',
  name: 'Anna Ahl',
}

export function login(claims: Readonly<Record<string, unknown>> = anna, issuedAt = now): VerifiedLogin {
  return { issuer, claims: Object.assign(Object.create(null), claims) as Record<string, unknown>, issuedAt }
}

export function identity(over: Partial<IdentityState> = {}): IdentityState {
  return {
    id: 'identity-1',
    connection: 'contoso',
    issuer,
    subject: 'anna-sub',
    linkedAt: earlier,
    lastLogin: null,
    ...over,
  }
}

export interface UserParts extends Partial<UserState> {
  /** Who gave every leaf of the resource. */
  readonly writer?: Source
}

export function user({ writer = 'admin:operator', ...over }: UserParts = {}): UserState {
  const resource: Resource = over.resource ?? { userName: 'anna@acme.example' }
  return {
    id: 'user-anna',
    version: 3,
    externalIds: [],
    holds: [],
    grants: [],
    memberships: [],
    sources: [...leaves(userType, resource).keys()].map((path) => ({ path, source: writer, at: earlier })),
    identities: [],
    provisionedBy: 'admin',
    privilegedRoles: [],
    allGroups: [],
    ...over,
    resource,
  }
}

export const roles: readonly RoleState[] = [
  { name: 'member', displayName: 'Member', privileged: false, groups: [] },
  { name: 'manager', displayName: 'Manager', privileged: false, groups: [] },
  { name: 'admin', displayName: 'Administrator', privileged: true, groups: ['g-admins'] },
]

export const groups: readonly GroupState[] = [
  { id: 'g-sales', display: 'Sales', privilegedRoles: [] },
  { id: 'g-tech', display: 'Engineering', privilegedRoles: [] },
  { id: 'g-admins', display: 'Admins', privilegedRoles: ['admin'] },
]

export function snapshot(over: Partial<Snapshot> = {}): Snapshot {
  return {
    organization: { id: 'org', slug: 'acme', defaultRole: 'member', seatLimit: null, seatsUsed: 0 },
    domains: [
      { domain: 'acme.example', status: 'verified' },
      { domain: 'old.example', status: 'lapsed' },
      { domain: 'new.example', status: 'pending' },
    ],
    roles,
    groups,
    linked: null,
    candidates: [],
    tombstones: [],
    invitation: null,
    takenUserNames: [],
    createdWithinHour: 0,
    removals: [],
    privilegedHolders: [],
    ...over,
  }
}

export interface Scenario {
  readonly jit?: unknown
  readonly connection?: Partial<ConnectionState>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly issuedAt?: Date
  readonly snapshot?: Partial<Snapshot>
}

export function inputOf(scenario: Scenario = {}): DecisionInput {
  return {
    type: userType,
    connection: connection(scenario.jit, scenario.connection),
    login: login(scenario.claims, scenario.issuedAt),
    snapshot: snapshot(scenario.snapshot),
    now,
  }
}

export function decided(scenario: Scenario = {}): Decision {
  return decide(inputOf(scenario))
}

/** The state in which this person is linked already. */
export function linked(parts: UserParts = {}): Partial<Snapshot> {
  return { linked: user({ identities: [identity()], ...parts }) }
}

/** The state in which the rule with this index finds these users. */
export function found(index: number, ...users: readonly UserState[]): Partial<Snapshot> {
  return { candidates: [{ index, users }] }
}

export function warningCodes(decision: Decision): readonly string[] {
  return decision.warnings.map(({ code }) => code)
}

export function stepOf(decision: Decision, step: string) {
  return decision.steps.find((record) => record.step === step)
}
