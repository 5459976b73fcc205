/** The shape of a connection's JIT settings as somebody saves them: every field may be missing, none may be null. */
import { z } from 'zod'
import { isClaimNameForSettings } from './claim-names.ts'
import { MAX_PATTERN_LENGTH, patternProblem } from './pattern.ts'
import { templateProblem } from './template.ts'

const claimName = z.string().min(1).max(256).refine(isClaimNameForSettings, 'This cannot be the name of a claim.')
const scimPath = z.string().min(1).max(512)
const name = z.string().min(1).max(256)
const constant = z.union([
  z.string().max(4096),
  z.number(),
  z.boolean(),
  z.array(z.unknown()).max(100),
  z.record(z.string(), z.unknown()),
])
const template = z
  .string()
  .min(1)
  .max(1024)
  .superRefine((text, context) => {
    const problem = templateProblem(text)
    if (problem !== null) context.addIssue({ code: 'custom', message: problem })
  })
const pattern = z
  .string()
  .min(1)
  .max(MAX_PATTERN_LENGTH)
  .superRefine((text, context) => {
    const problem = patternProblem(text)
    if (problem !== null) context.addIssue({ code: 'custom', message: problem })
  })

const scalar = z.union([z.string().max(1024), z.number(), z.boolean()])
const claimCondition = z.discriminatedUnion('operator', [
  z.strictObject({ claim: claimName, operator: z.literal('equals'), value: scalar }),
  z.strictObject({ claim: claimName, operator: z.literal('in'), value: z.array(scalar).min(1).max(1000) }),
  z.strictObject({ claim: claimName, operator: z.literal('present'), value: z.boolean().optional() }),
  z.strictObject({ claim: claimName, operator: z.literal('matches'), value: pattern }),
])

const matchingRule = z.strictObject({
  claim: claimName,
  attribute: z.enum(['externalId', 'emails.value', 'userName']),
})

const attributeMapping = z
  .strictObject({
    attribute: scimPath,
    claim: claimName.optional(),
    value: constant.optional(),
    template: template.optional(),
    sync: z.enum(['ALWAYS', 'IF_EMPTY', 'ON_CREATE', 'NEVER']).optional(),
    authority: z.enum(['scim', 'login', 'last_write']).optional(),
    onMissing: z.enum(['keep', 'clear', 'default']).optional(),
    default: constant.optional(),
    locked: z.boolean().optional(),
  })
  .superRefine((mapping, context) => {
    const givers = [mapping.claim, mapping.value, mapping.template].filter((giver) => giver !== undefined)
    if (givers.length !== 1) {
      context.addIssue({ code: 'custom', message: 'Give exactly one of "claim", "value" and "template".' })
    }
    if ((mapping.onMissing === 'default') !== (mapping.default !== undefined)) {
      context.addIssue({
        code: 'custom',
        path: ['default'],
        message: '"onMissing": "default" and a "default" belong together.',
      })
    }
  })

const userName = z
  .strictObject({
    claim: claimName.optional(),
    template: template.optional(),
    pattern: pattern.optional(),
    onTaken: z.enum(['refuse', 'suffix']).optional(),
  })
  .refine((value) => value.claim === undefined || value.template === undefined, {
    message: 'Give "claim" or "template", not both.',
  })

const privilege = { allowPrivileged: z.boolean().optional() }
const grantSettings = <Target extends z.ZodRawShape>(target: Target) =>
  z.strictObject({
    mode: z.enum(['none', 'assign', 'append', 'sync']).optional(),
    claim: claimName.optional(),
    assign: z
      .array(z.union([name, z.strictObject({ ...target, ...privilege })]))
      .max(500)
      .optional(),
    mapping: z
      .array(z.strictObject({ value: z.string().min(1).max(1024), ...target, ...privilege }))
      .max(1000)
      .optional(),
    allow: z.array(name).max(1000).optional(),
    onMissing: z.enum(['keep', 'clear']).optional(),
  })

/**
 * The body of a PUT of the settings, and of `jit` in a draft or a new connection. Unknown members are refused. What the
 * fields mean together with the organization's groups and roles, `settings-check.ts` says.
 */
export const jitSettingsSchema = z.strictObject({
  mode: z.enum(['on', 'link', 'observe', 'off']).optional(),
  whenOff: z.enum(['pass_through', 'refuse']).optional(),
  attributeSyncMethod: z.enum(['OVERRIDE_ALL', 'PRESERVE_LOCAL', 'FILL_EMPTY', 'NONE']).optional(),
  authority: z.enum(['scim', 'login', 'last_write']).optional(),
  subjectClaim: claimName.optional(),
  emailTrust: z.enum(['domain', 'claim']).optional(),
  domains: z.enum(['verified', 'any']).optional(),
  claimFilter: z.array(claimCondition).max(50).optional(),
  matching: z.array(matchingRule).max(20).optional(),
  neverLink: z
    .strictObject({
      privileged: z.boolean().optional(),
      users: z.array(name).max(1000).optional(),
      groups: z.array(name).max(1000).optional(),
    })
    .optional(),
  attributes: z.array(attributeMapping).max(100).optional(),
  userName: userName.optional(),
  required: z.array(scimPath).max(100).optional(),
  groups: grantSettings({ group: name }).optional(),
  roles: grantSettings({ role: name }).optional(),
  reactivate: z
    .strictObject({
      suspended: z.boolean().optional(),
      deactivatedByScim: z.boolean().optional(),
      deactivatedByAdmin: z.boolean().optional(),
    })
    .optional(),
  afterDelete: z.enum(['refuse', 'recreate']).optional(),
  limits: z
    .strictObject({
      createsPerHour: z.int().min(0).max(1_000_000).optional(),
      removalShare: z.number().min(0).max(1).optional(),
    })
    .optional(),
  onFailure: z.enum(['refuse', 'degrade']).optional(),
})

type Frozen<T> = T extends readonly (infer Element)[]
  ? readonly Frozen<Element>[]
  : T extends object
    ? { readonly [Name in keyof T]: Frozen<T[Name]> }
    : T

/** What was set explicitly, as it is stored: everything else takes its default when it is read. */
export type StoredJitSettings = Frozen<z.output<typeof jitSettingsSchema>>

export type ClaimCondition = Frozen<z.output<typeof claimCondition>>
export type MatchingRule = Frozen<z.output<typeof matchingRule>>
export type AttributeMapping = Frozen<z.output<typeof attributeMapping>>
export type SyncMethod = NonNullable<StoredJitSettings['attributeSyncMethod']>
export type AttributeSync = NonNullable<AttributeMapping['sync']>
export type Authority = NonNullable<StoredJitSettings['authority']>
export type StoredGroupSettings = NonNullable<StoredJitSettings['groups']>
export type StoredRoleSettings = NonNullable<StoredJitSettings['roles']>
