import { existingUser, isActive, isCreation, provisions, refuse, type Step } from '../facts.ts'

/** A new user, and one who becomes active again, takes a seat; and nobody floods the organization with users. */
export const seatsStep: Step = {
  name: 'seats',
  run(facts) {
    const { settings, snapshot } = facts
    if (!provisions(facts)) return { result: 'skip', detail: 'The connection writes nothing.' }
    const user = existingUser(facts)
    const creates = isCreation(facts)
    if (!creates && (user === null || isActive(user))) return { result: 'skip', detail: 'The login takes no seat.' }
    const { seatLimit, seatsUsed } = snapshot.organization
    if (seatLimit !== null && seatsUsed >= seatLimit) {
      return refuse('seat_limit_reached', `All ${seatLimit} seats of the organization are taken.`)
    }
    const { createsPerHour } = settings.limits
    if (creates && snapshot.createdWithinHour >= createsPerHour) {
      return refuse('rate_limited', `The connection may make ${createsPerHour} users within an hour.`)
    }
    return { result: 'pass', detail: 'There is a free seat.' }
  },
}
