/** The shape of a connection's JIT settings as somebody saves them: every field may be missing, none may be null. */
import { z } from 'zod'
import { isClaimNameForSettings } from './claim-names.ts'
import { expressionProblem, MAX_EXPRESSION_LENGTH } from './expression/expression.ts'
import { MAX_PATTERN_LENGTH, patternProblem, patternSize } from './pattern.ts'
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
/** A text in a language of its own, with a sentence for what is wrong with it. */
const written = (length: number, problemOf: (text: string) => string | null) =>
  z
    .string()
    .min(1)
    .max(length)
    .superRefine((text, context) => {
      const problem = problemOf(text)
      if (problem !== null) context.addIssue({ code: 'custom', message: problem })
    })
const template = written(1024, templateProblem)
const expression = written(MAX_EXPRESSION_LENGTH, expressionProblem)
const pattern = written(MAX_PATTERN_LENGTH, patternProblem)

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

function countGiven(...members: readonly unknown[]): number {
  return members.filter((member) => member !== undefined).length
}

const attributeMapping = z
  .strictObject({
    attribute: scimPath,
    claim: claimName.optional(),
    value: constant.optional(),
    template: template.optional(),
    expression: expression.optional(),
    sync: z.enum(['ALWAYS', 'IF_EMPTY', 'ON_CREATE', 'NEVER']).optional(),
    authority: z.enum(['scim', 'login', 'last_write']).optional(),
    onMissing: z.enum(['keep', 'clear', 'default']).optional(),
    default: constant.optional(),
    locked: z.boolean().optional(),
  })
  .superRefine((mapping, context) => {
    if (countGiven(mapping.claim, mapping.value, mapping.template, mapping.expression) !== 1) {
      context.addIssue({
        code: 'custom',
        message: 'Give exactly one of "claim", "value", "template" and "expression".',
      })
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
    expression: expression.optional(),
    pattern: pattern.optional(),
    onTaken: z.enum(['refuse', 'suffix']).optional(),
  })
  .refine(({ claim, template, expression }) => countGiven(claim, template, expression) <= 1, {
    message: 'Give one of "claim", "template" and "expression", not several.',
  })

/** Patterns of one block and their states together: every value of the claim is matched against all of them. */
const MAX_PATTERNS = 50
const MAX_PATTERN_STATES = 2000

const selector = {
  value: z.string().min(1).max(1024).optional(),
  prefix: z.string().min(1).max(1024).optional(),
  pattern: pattern.optional(),
}

function hasOneSelector({ value, prefix, pattern }: { value?: unknown; prefix?: unknown; pattern?: unknown }): boolean {
  return countGiven(value, prefix, pattern) === 1
}

function areMatchable(entries: readonly object[]): boolean {
  const patterns = entries.flatMap((entry) =>
    'pattern' in entry && typeof entry.pattern === 'string' ? [entry.pattern] : [],
  )
  const states = patterns.reduce((sum, pattern) => sum + patternSize(pattern), 0)
  return patterns.length <= MAX_PATTERNS && states <= MAX_PATTERN_STATES
}

const privilege = { allowPrivileged: z.boolean().optional() }
const grantBlock = <Target extends z.ZodRawShape>(target: Target) =>
  z.strictObject({
    mode: z.enum(['none', 'assign', 'append', 'sync']).optional(),
    claim: claimName.optional(),
    expression: expression.optional(),
    assign: z
      .array(z.union([name, z.strictObject({ ...target, ...privilege })]))
      .max(500)
      .optional(),
    mapping: z
      .array(
        z
          .strictObject({ ...selector, ...target, ...privilege })
          .refine(hasOneSelector, { message: 'Give exactly one of "value", "prefix" and "pattern".' }),
      )
      .max(1000)
      .refine(areMatchable, {
        message: `There are more than ${MAX_PATTERNS} patterns, or they are too large together.`,
      })
      .optional(),
    allow: z.array(name).max(1000).optional(),
    onMissing: z.enum(['keep', 'clear']).optional(),
  })

const notBoth = { message: 'Give "claim" or "expression", not both.' }
const groupSettings = grantBlock({ group: name }).refine(
  (block) => countGiven(block.claim, block.expression) <= 1,
  notBoth,
)
const roleSettings = grantBlock({ role: name }).refine(
  (block) => countGiven(block.claim, block.expression) <= 1,
  notBoth,
)

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
  groups: groupSettings.optional(),
  roles: roleSettings.optional(),
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
