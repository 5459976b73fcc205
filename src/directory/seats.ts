import type { Session } from '../store/store.ts'
import type { DirectoryEnvironment } from './environment.ts'

/** Active users of an organization, whoever made them: what a seat limit counts. */
export function countSeats(environment: DirectoryEnvironment, org: string, session?: Session): Promise<number> {
  const active = { state: { $in: ['active', 'locked'] } }
  return environment.store.users.count(org, active, session === undefined ? {} : { session })
}
