/**
 * The attributes of a user after a login: everything that is mapped at creation, and afterwards what the sync method,
 * the attribute's own `sync` and `onMissing`, and the authority over what SCIM clients wrote leave of it.
 */
import type { Source } from '../context.ts'
import { equalValues } from '../schema/equal.ts'
import { leaves } from '../schema/leaves.ts'
import type { JsonObject, JsonValue, Resource, ResourceType } from '../schema/types.ts'
import { type AttributeLock, lockFinder } from './locks.ts'
import type { MappedValue } from './mapped-values.ts'
import { type Authority, effectiveSync, type JitSettings } from './settings.ts'
import { coversLeaf, readTarget, resolveTarget, withoutLeaf, writeTarget } from './target.ts'
import type { AttributeSource } from './types.ts'

type Wish = { readonly leave: true } | { readonly leave: false; readonly value: JsonValue | undefined }

const leave: Wish = { leave: true }
const set = (value: JsonValue | undefined): Wish => ({ leave: false, value })

function isExternalId({ target }: MappedValue): boolean {
  return target.canonical === 'externalId'
}

/** What the mapping wishes for a new user: its value whatever the method, nothing for `sync: NEVER`. */
function wishAtCreation({ mapping, reading, fallback }: MappedValue): Wish {
  if (mapping.sync === 'NEVER') return leave
  if (reading.kind === 'value') return set(reading.value)
  return reading.kind === 'absent' && fallback !== undefined ? set(fallback) : leave
}

/** What the mapping wishes for a user who is there already. */
function wishOf(mapped: MappedValue, settings: JitSettings, hasValue: boolean): Wish {
  const { sync, onMissing } = effectiveSync(mapped.mapping, settings)
  const { reading, fallback } = mapped
  if (sync === 'ON_CREATE' || sync === 'NEVER') return leave
  if (sync === 'IF_EMPTY') {
    if (hasValue) return leave
    if (reading.kind === 'value') return set(reading.value)
    return reading.kind === 'absent' && onMissing === 'default' && fallback !== undefined ? set(fallback) : leave
  }
  switch (reading.kind) {
    case 'value':
      return set(reading.value)
    case 'empty':
      return set(undefined)
    case 'absent':
      if (onMissing === 'clear') return set(undefined)
      return onMissing === 'default' && fallback !== undefined ? set(fallback) : leave
    case 'malformed':
    case 'overage':
      return leave
  }
}

/** One e-mail of a new user is the primary one; where the login gives the list as a whole, it says itself which. */
function withPrimaryEmail(resource: Resource): Resource {
  const { emails } = resource
  if (!Array.isArray(emails)) return resource
  const elements = emails as readonly JsonObject[]
  if (elements.some((element) => element.primary === true)) return resource
  const chosen = elements.find((element) => element.type === 'work')
  if (chosen === undefined) return resource
  return {
    ...resource,
    emails: elements.map((element) => (element === chosen ? { ...element, primary: true } : element)),
  }
}

/** The attributes of a new user; `userName` and `externalId` are decided elsewhere. */
export function attributesAtCreation(mapped: readonly MappedValue[]): Resource {
  let resource: Resource = {}
  for (const value of mapped) {
    const wish = wishAtCreation(value)
    if (!isExternalId(value) && !wish.leave) resource = writeTarget(resource, value.target, wish.value)
  }
  return mapped.some(({ target }) => target.canonical === 'emails') ? resource : withPrimaryEmail(resource)
}

/** The externalId that the mapping gives a new user. */
export function externalIdAtCreation(mapped: readonly MappedValue[]): string | null {
  const value = mapped.find(isExternalId)
  if (value === undefined) return null
  const wish = wishAtCreation(value)
  return !wish.leave && typeof wish.value === 'string' ? wish.value : null
}

/** `by` is who keeps the value: a SCIM client with authority, or another connection that has locked it. */
export interface Shadowed {
  readonly path: string
  readonly value: JsonValue
  readonly by: 'scim' | 'lock'
}

export interface SyncResult {
  readonly resource: Resource
  /** Leaves that the login would have changed where somebody else has authority, with the value they would have. */
  readonly shadowed: readonly Shadowed[]
  /** Leaves of which the login says something else, and that the sync mode leaves as they are. */
  readonly unapplied: readonly Pick<Shadowed, 'path' | 'value'>[]
}

export interface SyncInput {
  readonly type: ResourceType
  readonly resource: Resource
  readonly sources: readonly AttributeSource[]
  readonly mapped: readonly MappedValue[]
  readonly settings: JitSettings
  /** What other connections keep to themselves. */
  readonly locks: readonly AttributeLock[]
  /** The connection's own source. */
  readonly source: Source
  /** When the provider issued the token: what `last_write` compares with the time of the SCIM change. */
  readonly issuedAt: Date
}

function isScimAuthority(entry: AttributeSource | undefined, authority: Authority, issuedAt: Date): boolean {
  if (entry === undefined || !entry.source.startsWith('scim:') || authority === 'login') return false
  return authority === 'scim' || issuedAt.getTime() <= entry.at.getTime()
}

function changedLeaves(type: ResourceType, before: Resource, after: Resource): readonly string[] {
  const old = leaves(type, before)
  const fresh = leaves(type, after)
  return [...new Set([...old.keys(), ...fresh.keys()])].filter((path) => !equalValues(old.get(path), fresh.get(path)))
}

/** Whether `OVERRIDE_ALL` may clear what is kept under a leaf that no mapping covers. */
function isClearable(input: SyncInput, path: string, entry: AttributeSource | undefined): boolean {
  const target = resolveTarget(input.type, path)
  if ('problem' in target) return false
  const { attribute, subAttribute } = target
  const parts = subAttribute === undefined ? [attribute] : [attribute, subAttribute]
  if (parts.some((part) => part.required || part.mutability !== 'readWrite')) return false
  // what another connection maintains is not local
  if (entry?.source.startsWith('login:') === true && entry.source !== input.source) return false
  return !isScimAuthority(entry, input.settings.authority, input.issuedAt)
}

function clearUnmapped(input: SyncInput, resource: Resource, owners: ReadonlyMap<string, AttributeSource>): Resource {
  let result = resource
  for (const path of leaves(input.type, resource).keys()) {
    if (input.mapped.some(({ target }) => coversLeaf(target, path))) continue
    if (lockFinder(input.type, input.locks)(path) === undefined && isClearable(input, path, owners.get(path)))
      result = withoutLeaf(input.type, result, path)
  }
  return result
}

/**
 * Brings the attributes of an existing user in step with a login. Gives the same resource when nothing changes.
 * `userName` and `externalId` are never synced; what the resource does not hold (`active`, `roles` …) cannot be.
 */
export function syncAttributes(input: SyncInput): SyncResult {
  const { type, settings } = input
  const owners = new Map(input.sources.map((entry) => [entry.path, entry]))
  let resource = input.resource
  // as it would be if nobody had authority over the login
  let unrestrained = input.resource
  const kept = new Map<string, Shadowed['by']>()
  const lockOn = lockFinder(type, input.locks)
  for (const value of input.mapped) {
    if (isExternalId(value) || value.target.canonical === 'userName') continue
    const hasValue = readTarget(input.resource, value.target) !== undefined
    const wish = wishOf(value, settings, hasValue)
    if (wish.leave || (hasValue && value.target.attribute.mutability === 'immutable')) continue
    unrestrained = writeTarget(unrestrained, value.target, wish.value)
    const candidate = writeTarget(resource, value.target, wish.value)
    if (candidate === resource) continue
    const { authority } = effectiveSync(value.mapping, settings)
    const changed = changedLeaves(type, resource, candidate)
    const locked = changed.filter((path) => lockOn(path) !== undefined)
    const guarded = changed.filter((path) => isScimAuthority(owners.get(path), authority, input.issuedAt))
    if (locked.length + guarded.length === 0) resource = candidate
    for (const path of guarded) kept.set(path, 'scim')
    for (const path of locked) kept.set(path, 'lock')
  }
  if (settings.attributeSyncMethod === 'OVERRIDE_ALL') resource = clearUnmapped(input, resource, owners)
  const wished = leaves(type, unrestrained)
  return {
    resource,
    shadowed: [...kept].map(([path, by]) => ({ path, value: wished.get(path) ?? null, by })),
    unapplied: unappliedValues(input, resource).filter(({ path }) => !kept.has(path)),
  }
}

/** What the login says otherwise, but for attributes that it shall say nothing about (`NEVER`). */
function unappliedValues(input: SyncInput, resource: Resource): SyncResult['unapplied'] {
  const { type, settings } = input
  let said = resource
  for (const value of input.mapped) {
    const { reading, mapping, target } = value
    if (isExternalId(value) || target.canonical === 'userName' || reading.kind !== 'value') continue
    if (effectiveSync(mapping, settings).sync !== 'NEVER') said = writeTarget(said, target, reading.value)
  }
  if (said === resource) return []
  const values = leaves(type, said)
  return changedLeaves(type, resource, said).map((path) => ({ path, value: values.get(path) ?? null }))
}
