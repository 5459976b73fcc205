import type { ErrorCode } from '../../errors.ts'
import { existingUser, type Facts, provisions, refuse, type Step } from '../facts.ts'
import type { Hold } from '../types.ts'

/** The sentence of each state, and the order in which they count. */
const sentences = {
  user_suspended: 'is suspended',
  user_locked: 'is locked',
  user_deactivated_by_scim: 'was deactivated by a SCIM client',
  user_deactivated_by_admin: 'was deactivated by an administrator',
} as const satisfies Partial<Record<ErrorCode, string>>

type StateCode = keyof typeof sentences

/** What a hold means for a login. What no SCIM client set counts as set by an administrator. */
function codeOf({ kind, source }: Hold): StateCode {
  if (kind === 'suspended') return 'user_suspended'
  if (kind === 'locked') return 'user_locked'
  return source.startsWith('scim:') ? 'user_deactivated_by_scim' : 'user_deactivated_by_admin'
}

/**
 * Why these holds keep a person from signing in; null if there are none. For an answer that is given again: nothing is
 * lifted by it.
 */
export function refusalByHolds(holds: readonly Hold[]): StateCode | null {
  const codes = holds.map(codeOf)
  return (Object.keys(sentences) as StateCode[]).find((code) => codes.includes(code)) ?? null
}

function mayLift(hold: Hold, facts: Facts): boolean {
  const { reactivate } = facts.settings
  const allowed = {
    user_suspended: reactivate.suspended,
    user_locked: false,
    user_deactivated_by_scim: reactivate.deactivatedByScim,
    user_deactivated_by_admin: reactivate.deactivatedByAdmin,
  }
  return provisions(facts) && allowed[codeOf(hold)]
}

/**
 * Nobody is held back, or the settings let a login lift every hold; a deleted user stays deleted unless they say
 * otherwise. In mode `off` nothing is lifted, so every hold refuses.
 */
export const lifecycleStep: Step = {
  name: 'lifecycle',
  run(facts) {
    const { person, settings } = facts
    if (person.kind === 'deleted') {
      return settings.afterDelete === 'refuse'
        ? refuse('user_deleted', `The user ${person.tombstone.user} was deleted.`)
        : { result: 'pass', detail: 'The user was deleted, and a new one may be made.' }
    }
    const user = existingUser(facts)
    if (user === null) return { result: 'skip', detail: 'The person has no user.' }
    const code = refusalByHolds(user.holds.filter((hold) => !mayLift(hold, facts)))
    if (code !== null) return refuse(code, `The user ${user.id} ${sentences[code]}.`)
    return {
      result: 'pass',
      detail: user.holds.length === 0 ? 'The user may sign in.' : 'The user is made active again by this login.',
      facts: { lifts: user.holds },
    }
  },
}
