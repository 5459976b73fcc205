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
})

export const jitVersionView = z.object({
  version: z.int(),
  at: time,
  actor: z.string(),
  settings: z.record(z.string(), z.unknown()),
})

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
  error: z.string().nullable(),
  createdAt: time,
  finishedAt: time.nullable(),
})

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

export const changeView = z.looseObject({
  id,
  at: time,
  actor: source,
  resource: z.object({ type: z.string(), id, version: z.union([z.string(), z.int()]).nullable() }),
  action: z.string(),
  operations: z.array(z.record(z.string(), z.unknown())),
  decisionId: z.string().nullable().optional(),
  requestId: z.string(),
})

export const tombstoneView = z.looseObject({ id })

/** RFC 9457. */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})
