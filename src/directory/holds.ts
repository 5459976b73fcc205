/** Who keeps a user from being active. Pure: lists of holds in, lists of holds out. */
import type { Source } from '../context.ts'
import type { HoldDocument, UserDocument } from '../store/documents.ts'

const precedence = ['deactivated', 'suspended', 'locked'] as const

/** The strongest hold's kind, or active. */
export function stateOf(holds: readonly HoldDocument[]): UserDocument['state'] {
  return precedence.find((kind) => holds.some((hold) => hold.kind === kind)) ?? 'active'
}

/** The effective `active`: a locked user is active all the same, but may not sign in. */
export function isActive(holds: readonly HoldDocument[]): boolean {
  return !holds.some((hold) => hold.kind !== 'locked')
}

/** The reason of the strongest hold. */
export function reasonOf(holds: readonly HoldDocument[]): string | undefined {
  const state = stateOf(holds)
  const hold = holds.find(({ kind }) => kind === state)
  return hold && (hold.reason ?? `${hold.kind} by ${hold.source}`)
}

/** Adds a hold unless this source has one of the kind. */
export function place(holds: readonly HoldDocument[], hold: HoldDocument): readonly HoldDocument[] {
  return holds.some((other) => other.kind === hold.kind && sameHolder(other.source, hold.source))
    ? holds
    : [...holds, hold]
}

/** Takes this source's own holds of these kinds away; everybody else's stay. */
export function lift(
  holds: readonly HoldDocument[],
  source: Source,
  kinds: readonly HoldDocument['kind'][],
): readonly HoldDocument[] {
  const rest = holds.filter((hold) => !(kinds.includes(hold.kind) && sameHolder(hold.source, source)))
  return rest.length === holds.length ? holds : rest
}

/**
 * Administrators act for one another, and jobs do what administrators have set: what one key or a job holds another key
 * or the operator may lift.
 */
function sameHolder(a: Source, b: Source): boolean {
  return a === b || (isAdministration(a) && isAdministration(b))
}

function isAdministration(source: Source): boolean {
  return source.startsWith('admin:') || source.startsWith('job:')
}
