/** Attributes whose settings have no effect, or one that nobody can mean. */
import type { ResourceType } from '../../schema/types.ts'
import { claimsOfGiver } from '../claim-record.ts'
import { type AttributeMapping, effectiveSync, isOnMissingEffective, type JitSettings } from '../settings.ts'
import { resolveReadable, resolveTarget, type Target } from '../target.ts'
import { type SettingsWarning, settingsWarning } from './warning.ts'

interface Placed {
  readonly mapping: AttributeMapping
  readonly target: Target
  readonly path: string
}

function place(type: ResourceType, mappings: readonly AttributeMapping[]): readonly Placed[] {
  return mappings.flatMap((mapping, index) => {
    const target = resolveTarget(type, mapping.attribute)
    return 'problem' in target ? [] : [{ mapping, target, path: `attributes.${index}` }]
  })
}

export function lintAttributes(type: ResourceType, settings: JitSettings): readonly SettingsWarning[] {
  const placed = place(type, settings.attributes)
  return [
    ...placed.flatMap((each) => [
      ...lintSync(each),
      ...lintOnMissing(each, settings),
      ...lintAuthority(each, settings),
      ...lintGiver(each),
      ...lintOverlap(each, placed),
    ]),
    ...lintUserName(settings),
    ...lintRequired(type, settings, placed),
  ]
}

/** What is written once, at creation, whatever `sync` says. */
function isWrittenOnce({ attribute }: Target): boolean {
  return attribute.name === 'externalId' || attribute.mutability === 'immutable'
}

function lintSync({ mapping, target, path }: Placed): readonly SettingsWarning[] {
  const { sync, locked } = mapping
  if (sync === 'NEVER' && locked !== true) {
    return [settingsWarning(path, 'never_written', `With "sync": "NEVER" nothing is written to "${target.canonical}".`)]
  }
  if (sync !== undefined && sync !== 'NEVER' && sync !== 'ON_CREATE' && isWrittenOnce(target)) {
    const detail = `"${target.canonical}" is written once, whatever "sync" says.`
    return [settingsWarning(`${path}.sync`, 'sync_without_effect', detail)]
  }
  return []
}

function lintOnMissing({ mapping, path }: Placed, settings: JitSettings): readonly SettingsWarning[] {
  const { onMissing, sync } = mapping
  if (onMissing === undefined || onMissing === 'keep') return []
  const at = `${path}.onMissing`
  const without = (detail: string) => [settingsWarning(at, 'on_missing_without_effect', detail)]
  if (mapping.value !== undefined) return without('A constant is never missing.')
  if (onMissing === 'default') return sync === 'NEVER' ? without('Nothing is written with "sync": "NEVER".') : []
  if (!isOnMissingEffective(mapping, settings.attributeSyncMethod)) {
    return without(`The method ${settings.attributeSyncMethod} clears nothing; give the attribute a "sync" of its own.`)
  }
  return effectiveSync(mapping, settings).sync === 'ALWAYS' ? [] : without(`With "sync": "${sync}" nothing is cleared.`)
}

function lintAuthority({ mapping, path }: Placed, settings: JitSettings): readonly SettingsWarning[] {
  if (mapping.authority === undefined) return []
  const { sync } = effectiveSync(mapping, settings)
  if (sync === 'ON_CREATE' || sync === 'NEVER') {
    const detail = `With "sync": "${sync}" no login comes after a SCIM client.`
    return [settingsWarning(`${path}.authority`, 'authority_without_effect', detail)]
  }
  if (mapping.locked === true && mapping.authority === 'scim') {
    const detail =
      'What a SCIM client wrote before stays for ever: the lock keeps the client from it, the authority the login.'
    return [settingsWarning(`${path}.authority`, 'locked_by_others_authority', detail)]
  }
  return []
}

function lintGiver({ mapping, path }: Placed): readonly SettingsWarning[] {
  const member = mapping.expression === undefined ? 'template' : 'expression'
  if (mapping[member] === undefined || claimsOfGiver(mapping).length > 0) return []
  return [settingsWarning(`${path}.${member}`, 'constant_expression', 'It reads no claim; a constant is a "value".')]
}

/** A list as a whole and some of its values: the later mapping overwrites what the earlier one wrote. */
function lintOverlap({ target, path }: Placed, placed: readonly Placed[]): readonly SettingsWarning[] {
  const whole = placed.find(
    (other) =>
      other.target.attribute === target.attribute &&
      other.target.selectors === undefined &&
      other.target.subAttribute === undefined &&
      target.selectors !== undefined,
  )
  if (whole === undefined) return []
  const detail = `"${whole.target.canonical}" is mapped as a whole (${whole.path}), with "${target.canonical}" in it.`
  return [settingsWarning(`${path}.attribute`, 'targets_overlap', detail)]
}

function lintUserName({ userName }: JitSettings): readonly SettingsWarning[] {
  const isConstant =
    (userName.template !== undefined || userName.expression !== undefined) && claimsOfGiver(userName).length === 0
  if (!isConstant) return []
  return [
    settingsWarning('userName', 'user_name_constant', 'It reads no claim: everybody would have the same user name.'),
  ]
}

/** What is required at creation, and given by no mapping: nobody can be created. */
function lintRequired(
  type: ResourceType,
  { required, mode }: JitSettings,
  placed: readonly Placed[],
): readonly SettingsWarning[] {
  if (mode === 'link') return []
  return required.flatMap((path, index) => {
    const target = resolveReadable(type, path)
    if ('problem' in target || target.canonical === 'userName') return []
    const isGiven = placed.some(
      ({ mapping, target: given }) => given.attribute === target.attribute && mapping.sync !== 'NEVER',
    )
    const detail = `No mapping gives "${target.canonical}", so that nobody is created.`
    return isGiven ? [] : [settingsWarning(`required.${index}`, 'required_never_given', detail)]
  })
}
