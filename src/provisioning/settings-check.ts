/** What the settings mean together with the schemas and with the organization's groups and roles; at save. */
import type { FieldError } from '../errors.ts'
import { equalValues } from '../schema/equal.ts'
import { fold } from '../schema/fold.ts'
import type { JsonValue, ResourceType } from '../schema/types.ts'
import { valueForTarget } from './mapped-values.ts'
import type { AttributeMapping, StoredJitSettings } from './settings.ts'
import { resolveReadable, resolveTarget, type Target } from './target.ts'
import type { RoleState } from './types.ts'

export interface SettingsReferences {
  /** The resource type of users. */
  readonly type: ResourceType
  /** Groups that the settings may mean, by id or displayName. */
  readonly groups: readonly { readonly id: string; readonly displayName: string; readonly privileged: boolean }[]
  readonly roles: readonly RoleState[]
  /** Whether whoever saves may grant privileged roles. */
  readonly mayGrantPrivileged: boolean
  /** The settings in force: what they allow already, anybody may save again unchanged. */
  readonly previous?: StoredJitSettings | undefined
}

export interface CheckedSettings<Settings> {
  /** The same settings with group names replaced by ids, so that a rename moves no grant. */
  readonly settings: Settings
  /** For a 400 `validation_failed`. */
  readonly errors: readonly FieldError[]
  /** For a 403 `privileged_grant_refused`: what only somebody with that right may save. */
  readonly privileged: readonly FieldError[]
}

const provisioningExtension = 'urn:usher:scim:schemas:provisioning:1.0:user'
/** Decided by other settings, by the life cycle, or by nobody. */
const refusedTargets = new Set(['id', 'meta', 'schemas', 'active', 'password', 'groups', 'roles', 'userName'])

function targetProblem({ attribute, subAttribute }: Target): string | null {
  if (attribute.extension?.toLowerCase() === provisioningExtension) return 'The provisioning extension is computed.'
  if (attribute.extension === undefined && refusedTargets.has(attribute.name)) {
    return `"${attribute.name}" cannot be the target of a mapping.`
  }
  for (const part of subAttribute === undefined ? [attribute] : [attribute, subAttribute]) {
    if (part.mutability === 'readOnly') return `"${part.path}" is read-only.`
    if (part.mutability === 'writeOnly' || part.returned === 'never') return `"${part.path}" is never returned.`
  }
  return null
}

function constantError(type: ResourceType, target: Target, value: unknown, path: string): readonly FieldError[] {
  if (value === undefined) return []
  const read = valueForTarget(type, target, value)
  if ('problem' in read) return [{ path, message: read.problem }]
  return read.value === undefined ? [{ path, message: 'This is no value; use "onMissing".' }] : []
}

function checkMappings(type: ResourceType, mappings: readonly AttributeMapping[]): readonly FieldError[] {
  const seen = new Set<string>()
  return mappings.flatMap((mapping, index): readonly FieldError[] => {
    const at = `attributes.${index}`
    const target = resolveTarget(type, mapping.attribute)
    const problem = 'problem' in target ? target.problem : targetProblem(target)
    if ('problem' in target || problem !== null) return [{ path: `${at}.attribute`, message: problem ?? '' }]
    const doubled = seen.has(target.canonical)
    seen.add(target.canonical)
    return [
      ...(doubled ? [{ path: `${at}.attribute`, message: `"${target.canonical}" is mapped twice.` }] : []),
      ...constantError(type, target, mapping.value, `${at}.value`),
      ...constantError(type, target, mapping.default, `${at}.default`),
    ]
  })
}

function checkRequired(type: ResourceType, required: readonly string[]): readonly FieldError[] {
  return required.flatMap((path, index) => {
    const target = resolveReadable(type, path)
    return 'problem' in target ? [{ path: `required.${index}`, message: target.problem }] : []
  })
}

/** What a name in the settings means: an id, or a sentence that says why it means nothing. */
type Resolve = (name: string) => { readonly id: string } | { readonly problem: string }

function groupResolver({ groups }: SettingsReferences): Resolve {
  return (name) => {
    if (groups.some(({ id }) => id === name)) return { id: name }
    const found = groups.filter(({ displayName }) => fold(displayName) === fold(name))
    const [first] = found
    if (first === undefined) return { problem: `There is no group "${name}".` }
    return found.length > 1 ? { problem: `There are ${found.length} groups "${name}"; name one by its id.` } : first
  }
}

function roleResolver({ roles }: SettingsReferences): Resolve {
  return (name) =>
    roles.some((role) => role.name === name) ? { id: name } : { problem: `There is no role "${name}".` }
}

interface Resolved<Value> {
  readonly value: Value
  readonly errors: readonly FieldError[]
}

function resolveName(name: string, path: string, resolve: Resolve): Resolved<string> {
  const found = resolve(name)
  return 'id' in found ? { value: found.id, errors: [] } : { value: name, errors: [{ path, message: found.problem }] }
}

type Kind = 'group' | 'role'
type Entry = string | { readonly [Name in Kind]?: string }

function resolveEntry<E extends Entry>(entry: E, kind: Kind, path: string, resolve: Resolve): Resolved<E> {
  if (typeof entry === 'string') return resolveName(entry, path, resolve) as Resolved<E>
  const { value, errors } = resolveName(entry[kind] ?? '', `${path}.${kind}`, resolve)
  return { value: { ...(entry as object), [kind]: value } as E, errors }
}

function resolveList<E extends Entry>(
  list: readonly E[],
  kind: Kind,
  path: string,
  resolve: Resolve,
): Resolved<readonly E[]> {
  const resolved = list.map((entry, index) => resolveEntry(entry, kind, `${path}.${index}`, resolve))
  return { value: resolved.map(({ value }) => value), errors: resolved.flatMap(({ errors }) => errors) }
}

interface GrantLists {
  readonly assign?: readonly Entry[] | undefined
  readonly mapping?: readonly Entry[] | undefined
  readonly allow?: readonly string[] | undefined
}

function resolveGrants<Block extends GrantLists>(block: Block, kind: Kind, resolve: Resolve): Resolved<Block> {
  const fields = (['assign', 'mapping', 'allow'] as const).flatMap((field) => {
    const list: readonly Entry[] | undefined = block[field]
    return list === undefined ? [] : [{ field, ...resolveList(list, kind, `${kind}s.${field}`, resolve) }]
  })
  return {
    value: { ...block, ...Object.fromEntries(fields.map(({ field, value }) => [field, value])) },
    errors: fields.flatMap(({ errors }) => errors),
  }
}

function privilegedEntries(block: GrantLists | undefined, kind: Kind): readonly FieldError[] {
  return (['assign', 'mapping'] as const).flatMap((field) =>
    (block?.[field] ?? []).flatMap((entry, index) =>
      typeof entry === 'object' && 'allowPrivileged' in entry && entry.allowPrivileged === true
        ? [
            {
              path: `${kind}s.${field}.${index}.allowPrivileged`,
              message: 'Privileged roles need a right to give them.',
            },
          ]
        : [],
    ),
  )
}

function isSame(a: unknown, b: unknown): boolean {
  return equalValues(a as JsonValue | undefined, b as JsonValue | undefined)
}

/**
 * What somebody without the right may not save. Settings that grant privileged roles may be saved again as they are,
 * but no part around such an entry may change: another claim would let other people through it. And linking privileged
 * users by a rule would hand their roles to whomever a provider calls by their address.
 */
function checkPrivileges(settings: StoredJitSettings, references: SettingsReferences): readonly FieldError[] {
  const { mayGrantPrivileged, previous } = references
  if (mayGrantPrivileged) return []
  const links = settings.neverLink?.privileged === false && previous?.neverLink?.privileged !== false
  return [
    ...(isSame(settings.groups, previous?.groups) ? [] : privilegedEntries(settings.groups, 'group')),
    ...(isSame(settings.roles, previous?.roles) ? [] : privilegedEntries(settings.roles, 'role')),
    ...(links
      ? [{ path: 'neverLink.privileged', message: 'Linking privileged users needs a right to give privileged roles.' }]
      : []),
  ]
}

/**
 * Checks the settings that somebody saves, and resolves the groups that they name. Takes what was set explicitly or the
 * effective settings, and gives back the same kind. Lists every mistake rather than the first; never throws.
 */
export function checkSettings<Settings extends StoredJitSettings>(
  settings: Settings,
  references: SettingsReferences,
): CheckedSettings<Settings> {
  const { type } = references
  const groupOf = groupResolver(references)
  const groups = settings.groups && resolveGrants(settings.groups, 'group', groupOf)
  const roles = settings.roles && resolveGrants(settings.roles, 'role', roleResolver(references))
  const neverLink =
    settings.neverLink?.groups && resolveList(settings.neverLink.groups, 'group', 'neverLink.groups', groupOf)
  const resolved = {
    ...settings,
    ...(groups === undefined ? {} : { groups: groups.value }),
    ...(roles === undefined ? {} : { roles: roles.value }),
    ...(neverLink === undefined ? {} : { neverLink: { ...settings.neverLink, groups: neverLink.value } }),
  }
  return {
    settings: resolved,
    errors: [
      ...checkMappings(type, settings.attributes ?? []),
      ...checkRequired(type, settings.required ?? []),
      ...(groups?.errors ?? []),
      ...(roles?.errors ?? []),
      ...(neverLink?.errors ?? []),
    ],
    privileged: checkPrivileges(resolved, references),
  }
}
