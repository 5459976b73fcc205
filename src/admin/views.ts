/** What answers look like, for the OpenAPI document. Each schema describes what the room beneath it shows. */
import { z } from 'zod'

const id = z.string()
const time = z.iso.datetime()

/** A list of such items. */
export function listing(item: z.ZodType): z.ZodType {
  return z.object({ items: z.array(item), nextCursor: z.string().optional() })
}

export const organizationView = z.object({
  id,
  slug: z.string(),
  displayName: z.string(),
  defaultRole: z.string().nullable(),
  seatLimit: z.int().nullable(),
  returnUrls: z.array(z.string()),
  staleUsers: z.object({ suspendAfterDays: z.int().nullable(), deleteAfterDays: z.int().nullable() }),
  retention: z.object({ decisionDays: z.int(), tombstoneDays: z.int(), changeDays: z.int().nullable() }),
  createdAt: time,
})

export const domainView = z.object({
  domain: z.string(),
  status: z.enum(['pending', 'verified', 'failed', 'lapsed']),
  method: z.enum(['dns', 'operator']).nullable(),
  reason: z.string().nullable(),
  record: z.object({ type: z.literal('TXT'), name: z.string(), value: z.string() }),
  createdAt: time,
  verifiedAt: time.nullable(),
})

export const roleView = z.object({
  name: z.string(),
  displayName: z.string(),
  description: z.string(),
  privileged: z.boolean(),
  groups: z.array(z.string()),
  createdAt: time,
})

export const invitationView = z.object({
  id,
  email: z.string(),
  roles: z.array(z.string()),
  createdAt: time,
  expiresAt: time,
  acceptedAt: time.nullable(),
  acceptedBy: z.string().nullable(),
})

export const scopeName = z.enum(['admin', 'admin:privileged', 'logins', 'read'])

export const apiKeyView = z.object({
  id,
  name: z.string(),
  scopes: z.array(scopeName),
  prefix: z.string(),
  createdAt: time,
  expiresAt: time.nullable(),
  lastUsed: time.nullable(),
})

export const tokenView = z.object({
  id,
  prefix: z.string(),
  createdAt: time,
  expiresAt: time.nullable(),
  lastUsed: time.nullable(),
})

const switchValue = z.union([z.string(), z.boolean()])

export const dialectsView = z.object({
  items: z.array(z.object({ name: z.string(), switches: z.record(z.string(), switchValue) })),
  switches: z
    .record(z.string(), z.object({ question: z.string(), values: z.record(z.string(), z.string()) }))
    .describe('What each switch decides, and what each of its values means.'),
})

export const scimClientView = z.object({
  id,
  name: z.string(),
  dialect: z.string(),
  switches: z.record(z.string(), switchValue).describe('What the client has otherwise than its dialect.'),
  effectiveSwitches: z.record(z.string(), z.object({ value: switchValue, layer: z.enum(['client', 'dialect']) })),
  onExisting: z.enum(['conflict', 'adopt']),
  allowPrivileged: z.boolean(),
  scopes: z.array(z.string()),
  jwks: z.record(z.string(), z.unknown()).nullable(),
  baseUrl: z.string(),
  tokenEndpoint: z.string(),
  tokens: z.array(tokenView),
  createdAt: time,
})

/** A secret that is in this answer only. */
export const withToken = { token: z.string().describe('Shown in this answer only.') }

export const jitSettingsView = z.record(z.string(), z.unknown()).describe('Every setting with its default filled in.')

export const jitView = z.looseObject({
  version: z.int(),
  layers: z.record(z.string(), z.enum(['connection', 'server', 'default'])),
  effectiveAttributes: z.array(z.record(z.string(), z.unknown())),
  warnings: z
    .array(z.object({ path: z.string(), code: z.string(), detail: z.string() }))
    .describe('What is allowed and has no effect, or hardly the one that is meant. Read-only, as is all of this.'),
})

export const claimsSeenView = z.object({
  logins: z.int().describe('How many logins were looked at.'),
  since: time.nullable().describe('When the earliest of them was.'),
  items: z.array(
    z.object({
      name: z.string(),
      types: z.array(z.object({ type: z.string(), count: z.int() })),
      seen: z.int(),
      lastSeen: time,
      mapped: z.boolean().describe('Whether the settings use it.'),
      example: z.unknown().optional(),
    }),
  ),
})

const settingsChanges = z
  .array(z.object({ path: z.string(), before: z.unknown(), after: z.unknown() }))
  .describe('Null: nobody had set it.')

export const jitVersionView = z.object({
  version: z.int(),
  at: time,
  actor: z.string(),
  settings: z.record(z.string(), z.unknown()),
  changes: settingsChanges,
})

export const jitDiffView = z.object({ from: z.int(), to: z.int(), changes: settingsChanges })

export const connectionView = z.object({
  id,
  name: z.string(),
  type: z.literal('oidc'),
  issuer: z.string(),
  clientId: z.string(),
  clientSecretSet: z.boolean(),
  scopes: z.array(z.string()),
  audiences: z.array(z.string()),
  enabled: z.boolean(),
  scimClients: z.array(z.string()),
  redirectUri: z.string(),
  jit: jitSettingsView,
  jitVersion: z.int(),
  createdAt: time,
})

export const impactView = z.object({
  keep: z.int(),
  deactivate: z.int(),
  delete: z.int(),
  unlinked: z.int(),
})

export const jobView = z.object({
  id,
  kind: z.string(),
  state: z.enum(['pending', 'running', 'done', 'failed']),
  progress: z.object({ done: z.int(), total: z.int() }),
  result: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('What the work came to, for kinds that come to something.'),
  error: z.string().nullable(),
  createdAt: time,
  finishedAt: time.nullable(),
})

export const jobStarted = z.object({ job: z.string().describe('Its state is at `/api/v1/jobs/{id}`.') })

export const scimUser = z.looseObject({ schemas: z.array(z.string()), id }).describe('A SCIM User (RFC 7643).')

const warning = z.object({ code: z.string(), detail: z.string() })

export const loginAnswer = z.looseObject({
  outcome: z.enum(['created', 'linked', 'updated', 'unchanged', 'passed_through', 'observed']),
  decisionId: id,
  reference: z.string(),
  user: scimUser.nullable(),
  organization: z.string(),
  roles: z.array(z.string()),
  groups: z.array(z.object({ value: z.string(), display: z.string() })),
  profile: z.record(z.string(), z.unknown()).nullable(),
  warnings: z.array(warning),
})

export const decisionView = z.looseObject({
  id: id.nullable(),
  reference: z.string().nullable(),
  at: time,
  connection: z.string(),
  configVersion: z.int(),
  outcome: z.string(),
  code: z.string().nullable().optional(),
  subject: z.string().nullable(),
  user: z.string().nullable(),
  steps: z.array(z.object({ step: z.string(), result: z.string(), code: z.string().optional(), detail: z.string() })),
  claims: z.record(z.string(), z.object({ type: z.string(), value: z.unknown().optional() })),
  operations: z.array(z.record(z.string(), z.unknown())),
  changes: z.array(z.record(z.string(), z.unknown())),
  warnings: z.array(warning),
})

export const simulationView = decisionView.extend({
  simulated: z.literal(true),
  unknownClaims: z.array(z.string()),
})

export const previewView = z.object({
  users: z.int(),
  changed: z.int(),
  created: z.int(),
  refused: z.int(),
  losingRoles: z.int(),
  losingGroups: z.int(),
  privilegedLosses: z.int(),
  samples: z.array(simulationView),
})

const source = z.string()

export const provenanceView = z.object({
  attributes: z.array(
    z.object({
      path: z.string(),
      source,
      at: time,
      decisionId: z.string().optional(),
      shadowed: z.array(z.object({ source, value: z.unknown() })),
    }),
  ),
  groups: z.array(z.object({ value: z.string(), display: z.string(), sources: z.array(source) })),
  roles: z.array(z.object({ value: z.string(), sources: z.array(source) })),
  identities: z.array(
    z.object({
      id,
      connection: z.string(),
      issuer: z.string(),
      subject: z.string(),
      linkedAt: time,
      lastLogin: time.nullable(),
    }),
  ),
})

export const linkView = z.object({
  id,
  connection: z.string(),
  issuer: z.string(),
  subject: z.string(),
  linkedAt: time,
  lastLogin: time.nullable(),
  until: time.nullable().describe('When the link ends, where it gives way to one of another connection.'),
  follows: z.string().nullable().describe('The link that this one was made after by a relink.'),
  closedAt: time.nullable(),
  closedBy: source.nullable(),
  reason: z.enum(['unlinked', 'relinked', 'connection_deleted']).nullable(),
  barred: z.boolean().describe('No rule leads this subject to the user again.'),
})

export const changeView = z.looseObject({
  id,
  at: time,
  actor: source,
  source: source.optional().describe('The source of what was written, where that is not the actor.'),
  resource: z.object({ type: z.string(), id, version: z.union([z.string(), z.int()]).nullable() }),
  action: z.string(),
  operations: z.array(z.record(z.string(), z.unknown())),
  decisionId: z.string().nullable().optional(),
  mergedInto: z.string().optional().describe('Of a deletion by a merge: the user that lives on.'),
  requestId: z.string(),
})

export const inboxKind = z.enum([
  'removal_held',
  'match_ambiguous',
  'match_target_protected',
  'linked_to_other_subject',
  'link_removed',
  'username_taken',
  'user_deleted',
  'seat_limit_reached',
])

const named = z.object({ value: id, display: z.string().optional() })
const decisionName = z.object({ id, reference: z.string() })

export const inboxView = z.object({
  id,
  version: z.int(),
  kind: inboxKind,
  status: z.enum(['open', 'answered']),
  person: z.object({
    connection: id,
    issuer: z.string(),
    subject: z.string(),
    user: id.nullable(),
    claims: z.record(z.string(), z.unknown()).describe('As the last login had them; mapped claims only.'),
  }),
  detail: z.string(),
  candidates: z.array(named).describe('The users whom a rule found.'),
  groups: z.array(named).describe('The groups whose removal is held.'),
  firstAt: time,
  lastAt: time,
  count: z.int().describe('Logins for the same reason.'),
  firstDecision: decisionName,
  lastDecision: decisionName,
  answers: z.array(z.string()).describe('What it can be answered with.'),
  answer: z
    .object({
      action: z.enum(['release', 'discard', 'link', 'create', 'dismiss', 'settled']),
      actor: source,
      at: time,
      decisionId: z.string().optional().describe('The login that settled the item, or that used the approval.'),
    })
    .nullable(),
})

export const tombstoneView = z.looseObject({
  id,
  user: id,
  userName: z.string(),
  mergedInto: z.string().optional().describe('The user that this one has become part of.'),
})

const likeness = z.object({
  reason: z.enum(['subject', 'external_id_is_subject', 'email', 'user_name_is_email', 'external_id', 'name']),
  strength: z.enum(['strong', 'probable', 'possible']),
  value: z.string(),
})

export const duplicateView = z.object({
  users: z.array(z.looseObject({ id, userName: z.string(), active: z.boolean(), managedBy: z.array(source) })),
  strength: likeness.shape.strength,
  reasons: z.array(likeness),
})

export const mergeView = z.object({
  survivor: id,
  from: id,
  dryRun: z.boolean(),
  operations: z.array(z.record(z.string(), z.unknown())),
  changes: z.array(z.record(z.string(), z.unknown())),
  identities: z.array(z.object({ id, connection: z.string(), issuer: z.string(), subject: z.string() })),
  reports: z.int().describe('Users who name the other as their manager, and the survivor from now on.'),
  warnings: z.array(warning),
  user: scimUser.nullable(),
})

export const staleUserView = z.looseObject({
  id,
  userName: z.string(),
  active: z.boolean(),
  managedBy: z.array(source),
  lastSeen: time,
  days: z.int().describe('Whole days since then.'),
  suspendedAt: time.nullable().describe('Since when the daily job holds the user.'),
})

export const staleActionView = staleUserView.extend({ action: z.enum(['suspend', 'delete']) })

export const driftView = z.object({
  user: z.object({ id, userName: z.string() }),
  attribute: z.string(),
  source,
  value: z.unknown(),
  at: time,
  decisionId: z.string().optional(),
  shadowed: z.array(z.object({ source, value: z.unknown(), at: time })),
})

export const resealView = z.object({
  resealed: z.int(),
  present: z.int().describe('Secrets that the first key has sealed already.'),
  unreadable: z
    .array(z.object({ organization: z.string(), connection: id }))
    .describe('Connections whose secret no known key opens.'),
  nextCursor: z.string().optional(),
})

/** RFC 9457. */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})
