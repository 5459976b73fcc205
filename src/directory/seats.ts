import type { Session } from '../store/store.ts'
import type { DirectoryEnvironment } from './environment.ts'
import type { Workspace } from './workspace.ts'

/** Active users of an organization, whoever made them: what a seat limit counts. */
export function countSeats(environment: DirectoryEnvironment, org: string, session?: Session): Promise<number> {
  const active = { state: { $in: ['active', 'locked'] } }
  return environment.store.users.count(org, active, session === undefined ? {} : { session })
}

/** Whether a plan has to write the counter of the seats that are taken. */
export function countsSeats({ context: { organization }, seats }: Workspace): boolean {
  return organization.seatLimit !== null && (seats.change !== 0 || seats.peak !== 0)
}
