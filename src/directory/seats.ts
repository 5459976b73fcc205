import type { DirectoryEnvironment } from './environment.ts'

/** Active users of an organization, whoever made them: what a seat limit counts. */
export function countSeats(environment: DirectoryEnvironment, org: string): Promise<number> {
  return environment.store.users.count(org, { state: { $in: ['active', 'locked'] } })
}
