import type { ErrorCode } from '../../errors.ts'
import { existingUser, type Facts, provisions, refuse, type Step } from '../facts.ts'
import type { Hold } from '../types.ts'

interface Admission {
  readonly code: ErrorCode
  readonly sentence: string
  readonly mayLift: boolean
}

/** What a hold means for this login. What no SCIM client set counts as set by an administrator. */
function admissionOf({ kind, source }: Hold, { settings }: Facts): Admission {
  const { reactivate } = settings
  switch (kind) {
    case 'suspended':
      return { code: 'user_suspended', sentence: 'is suspended', mayLift: reactivate.suspended }
    case 'locked':
      return { code: 'user_locked', sentence: 'is locked', mayLift: false }
    case 'deactivated':
      return source.startsWith('scim:')
        ? {
            code: 'user_deactivated_by_scim',
            sentence: 'was deactivated by a SCIM client',
            mayLift: reactivate.deactivatedByScim,
          }
        : {
            code: 'user_deactivated_by_admin',
            sentence: 'was deactivated by an administrator',
            mayLift: reactivate.deactivatedByAdmin,
          }
  }
}

const order: readonly ErrorCode[] = [
  'user_suspended',
  'user_locked',
  'user_deactivated_by_scim',
  'user_deactivated_by_admin',
]

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
    const admissions = user.holds.map((hold) => admissionOf(hold, facts))
    const blocking = admissions
      .filter(({ mayLift }) => !mayLift || !provisions(facts))
      .toSorted((a, b) => order.indexOf(a.code) - order.indexOf(b.code))
    const [first] = blocking
    if (first !== undefined) return refuse(first.code, `The user ${user.id} ${first.sentence}.`)
    return {
      result: 'pass',
      detail: user.holds.length === 0 ? 'The user may sign in.' : 'The user is made active again by this login.',
      facts: { lifts: user.holds },
    }
  },
}
