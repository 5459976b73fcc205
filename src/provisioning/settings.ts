/**
 * The JIT settings of a connection: what somebody set is stored as it was set, and every default is filled in when it
 * is read. So a change of a server-wide default reaches the connections that named nothing, and it can always be shown
 * from which layer a value came.
 */
import type { z } from 'zod'
import { type FieldError, UsherError } from '../errors.ts'
import { defaultAttributes } from './default-attributes.ts'
import {
  type AttributeMapping,
  type AttributeSync,
  type Authority,
  type ClaimCondition,
  jitSettingsSchema,
  type MatchingRule,
  type StoredGroupSettings,
  type StoredJitSettings,
  type StoredRoleSettings,
  type SyncMethod,
} from './settings-schema.ts'

export type { AttributeMapping, AttributeSync, Authority, ClaimCondition, MatchingRule, StoredJitSettings, SyncMethod }
export { jitSettingsSchema }

type GrantMode = NonNullable<StoredGroupSettings['mode']>
export type GroupSettings = StoredGroupSettings & { readonly mode: GrantMode }
export type RoleSettings = StoredRoleSettings & { readonly mode: GrantMode }
export type UserNameSettings = NonNullable<StoredJitSettings['userName']> & { readonly onTaken: 'refuse' | 'suffix' }

/** The JIT settings of a connection with every default filled in. */
export interface JitSettings {
  readonly mode: 'on' | 'link' | 'observe' | 'off'
  readonly whenOff: 'pass_through' | 'refuse'
  readonly attributeSyncMethod: SyncMethod
  readonly authority: Authority
  readonly subjectClaim: string
  readonly emailTrust: 'domain' | 'claim'
  readonly domains: 'verified' | 'any'
  readonly claimFilter: readonly ClaimCondition[]
  readonly matching: readonly MatchingRule[]
  readonly neverLink: {
    readonly privileged: boolean
    readonly users: readonly string[]
    readonly groups: readonly string[]
  }
  readonly attributes: readonly AttributeMapping[]
  readonly userName: UserNameSettings
  readonly required: readonly string[]
  readonly groups: GroupSettings
  readonly roles: RoleSettings
  readonly reactivate: {
    readonly suspended: boolean
    readonly deactivatedByScim: boolean
    readonly deactivatedByAdmin: boolean
  }
  readonly afterDelete: 'refuse' | 'recreate'
  readonly limits: { readonly createsPerHour: number; readonly removalShare: number }
  readonly onFailure: 'refuse' | 'degrade'
}

/** `USHER_JIT_DEFAULT` and `USHER_ATTRIBUTE_SYNC_DEFAULT`: what a connection that names nothing gets. */
export interface JitDefaults {
  readonly mode: JitSettings['mode']
  readonly attributeSyncMethod: SyncMethod
}

/** Where the value of a field comes from: set on the connection, the server's setting, or the built-in default. */
export type SettingsLayer = 'connection' | 'server' | 'default'

export interface ReadJitSettings {
  /** What was set explicitly: this is what gets stored. */
  readonly stored: StoredJitSettings
  readonly settings: JitSettings
  readonly layers: Readonly<Record<keyof JitSettings, SettingsLayer>>
}

/** Fills every default in. None of the defaults destroys anything. */
export function effectiveSettings(stored: StoredJitSettings, defaults: JitDefaults): JitSettings {
  const subjectClaim = stored.subjectClaim ?? 'sub'
  return {
    mode: stored.mode ?? defaults.mode,
    whenOff: stored.whenOff ?? 'pass_through',
    attributeSyncMethod: stored.attributeSyncMethod ?? defaults.attributeSyncMethod,
    authority: stored.authority ?? 'scim',
    subjectClaim,
    emailTrust: stored.emailTrust ?? 'domain',
    domains: stored.domains ?? 'verified',
    claimFilter: stored.claimFilter ?? [],
    matching: stored.matching ?? [
      { claim: subjectClaim, attribute: 'externalId' },
      { claim: 'email', attribute: 'emails.value' },
    ],
    neverLink: {
      privileged: stored.neverLink?.privileged ?? true,
      users: stored.neverLink?.users ?? [],
      groups: stored.neverLink?.groups ?? [],
    },
    attributes: stored.attributes ?? defaultAttributes,
    userName: effectiveUserName(stored.userName),
    required: stored.required ?? [],
    groups: { ...stored.groups, mode: stored.groups?.mode ?? 'none' },
    roles: { ...stored.roles, mode: stored.roles?.mode ?? 'none' },
    reactivate: {
      suspended: stored.reactivate?.suspended ?? false,
      deactivatedByScim: stored.reactivate?.deactivatedByScim ?? false,
      deactivatedByAdmin: stored.reactivate?.deactivatedByAdmin ?? false,
    },
    afterDelete: stored.afterDelete ?? 'refuse',
    limits: {
      createsPerHour: stored.limits?.createsPerHour ?? 1000,
      removalShare: stored.limits?.removalShare ?? 0.25,
    },
    onFailure: stored.onFailure ?? 'refuse',
  }
}

function effectiveUserName({ onTaken = 'refuse', ...set }: StoredJitSettings['userName'] = {}): UserNameSettings {
  const named = set.claim !== undefined || set.template !== undefined || set.expression !== undefined
  return { ...(named ? {} : { claim: 'email' }), ...set, onTaken }
}

const serverFields: ReadonlySet<string> = new Set<keyof JitDefaults>(['mode', 'attributeSyncMethod'])

/** From which layer each field of the effective settings comes. */
export function settingsLayers(stored: StoredJitSettings): ReadJitSettings['layers'] {
  const fields = Object.keys(jitSettingsSchema.shape) as (keyof JitSettings)[]
  const layers = fields.map((field): [keyof JitSettings, SettingsLayer] => {
    if (stored[field] !== undefined) return [field, 'connection']
    return [field, serverFields.has(field) ? 'server' : 'default']
  })
  return Object.fromEntries(layers) as ReadJitSettings['layers']
}

function fieldErrors(issues: readonly z.core.$ZodIssue[], prefix: string): readonly FieldError[] {
  const at = (path: readonly PropertyKey[]) => [prefix, ...path.map(String)].filter((part) => part !== '').join('.')
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: at([...issue.path, key]), message: 'This member is unknown.' }))
      : [{ path: at(issue.path), message: issue.message }],
  )
}

function doesNotValidate(issues: readonly z.core.$ZodIssue[], prefix: string): UsherError {
  return new UsherError('validation_failed', 'The JIT settings do not validate.', {
    errors: fieldErrors(issues, prefix),
  })
}

/**
 * Reads the body of a PUT (or a draft): it replaces everything, and what it omits takes its default. `prefix` is put
 * before the paths of errors where the settings are a member of a larger body.
 *
 * @throws UsherError `validation_failed` with `errors[].path` for a null, an unknown member or a bad value
 */
export function readJitSettings(input: unknown, defaults: JitDefaults, prefix = ''): ReadJitSettings {
  const parsed = jitSettingsSchema.safeParse(input)
  if (!parsed.success) throw doesNotValidate(parsed.error.issues, prefix)
  const stored: StoredJitSettings = parsed.data
  return { stored, settings: effectiveSettings(stored, defaults), layers: settingsLayers(stored) }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const members = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name)
    else members.set(name, mergePatch(members.get(name), value))
  }
  // a member named __proto__ becomes an own member here, which the schema then refuses
  return Object.fromEntries(members)
}

/**
 * Applies a PATCH, which is a JSON merge patch (RFC 7396) onto what was set: a null puts the default back. A member that
 * is unknown is refused with any value, null included.
 *
 * @throws UsherError `validation_failed` when the result does not validate
 */
export function mergeJitSettings(stored: StoredJitSettings, patch: unknown, defaults: JitDefaults): ReadJitSettings {
  if (!isObject(patch)) throw new UsherError('validation_failed', 'The body is no JSON object.')
  const unknown = jitSettingsSchema.safeParse(patch).error?.issues.filter(({ code }) => code === 'unrecognized_keys')
  if (unknown?.length) throw doesNotValidate(unknown, '')
  return readJitSettings(mergePatch(stored, patch), defaults)
}

/** How one attribute is synced, and which layer says so. */
export interface EffectiveAttribute {
  readonly attribute: string
  readonly sync: AttributeSync
  /** `attribute`: its own `sync`; else the layer that the method comes from. */
  readonly layer: AttributeLayer
  readonly authority: Authority
  readonly authorityLayer: AttributeLayer
  readonly onMissing: 'keep' | 'clear' | 'default'
  /** Where the method has no use for an `onMissing`, the layer that the method comes from. */
  readonly onMissingLayer: AttributeLayer
}

/** Where a rule for one attribute comes from: from its own mapping, or from the settings around it. */
export type AttributeLayer = 'attribute' | SettingsLayer

const syncOfMethod: Readonly<Record<SyncMethod, AttributeSync>> = {
  OVERRIDE_ALL: 'ALWAYS',
  PRESERVE_LOCAL: 'ALWAYS',
  FILL_EMPTY: 'IF_EMPTY',
  NONE: 'ON_CREATE',
}

/**
 * How an attribute of the settings is synced for a user who is linked already: its own `sync`, else what the method
 * says. `onMissing` has an effect under `FILL_EMPTY` and `NONE` only where the attribute has a `sync` of its own. What
 * nobody else may write (`locked`) is the connection's, even where a SCIM client wrote it before: else it would never
 * change again.
 */
export function effectiveSync(
  mapping: AttributeMapping,
  settings: Pick<JitSettings, 'attributeSyncMethod' | 'authority'>,
): Pick<EffectiveAttribute, 'sync' | 'authority' | 'onMissing'> {
  const method = settings.attributeSyncMethod
  const effective = isOnMissingEffective(mapping, method)
  const unset = method === 'OVERRIDE_ALL' ? 'clear' : 'keep'
  return {
    sync: mapping.sync ?? syncOfMethod[method],
    authority: mapping.authority ?? (mapping.locked === true ? 'login' : settings.authority),
    onMissing: effective ? (mapping.onMissing ?? unset) : 'keep',
  }
}

/** Whether an `onMissing` of the mapping is looked at for a user who is there already. */
export function isOnMissingEffective({ sync }: AttributeMapping, method: SyncMethod): boolean {
  return sync !== undefined || method === 'OVERRIDE_ALL' || method === 'PRESERVE_LOCAL'
}

/** For GET: what is in force for each attribute, and the layers it comes from. */
export function effectiveAttributes(stored: StoredJitSettings, defaults: JitDefaults): readonly EffectiveAttribute[] {
  const settings = effectiveSettings(stored, defaults)
  const layers = settingsLayers(stored)
  const method = settings.attributeSyncMethod
  return settings.attributes.map((mapping) => {
    const ownAuthority = mapping.authority !== undefined || mapping.locked === true
    const ownOnMissing = mapping.onMissing !== undefined && isOnMissingEffective(mapping, method)
    return {
      attribute: mapping.attribute,
      ...effectiveSync(mapping, settings),
      layer: mapping.sync === undefined ? layers.attributeSyncMethod : 'attribute',
      authorityLayer: ownAuthority ? 'attribute' : layers.authority,
      onMissingLayer: ownOnMissing ? 'attribute' : layers.attributeSyncMethod,
    }
  })
}
