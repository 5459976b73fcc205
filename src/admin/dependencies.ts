import type { Directory } from '../directory/types.ts'
import type { Logger } from '../http/log.ts'
import type { Limits } from '../limits/limits.ts'
import type { LoginEnvironment } from '../login/environment.ts'
import type { OrganizationsEnvironment } from '../organizations/environment.ts'
import type { Organizations } from '../organizations/types.ts'

/** What the jobs that the admin API starts work with. */
export type JobDependencies = Pick<AdminDependencies, 'environment' | 'organizations' | 'directory' | 'login'>

/** What the admin API works with. */
export interface AdminDependencies {
  readonly environment: OrganizationsEnvironment
  readonly organizations: Pick<Organizations, 'authenticate' | 'bySlug' | 'connection'>
  readonly directory: Directory
  readonly limits: Limits
  /** For headless logins, and for simulations of them. */
  readonly login: LoginEnvironment
  readonly log: Logger
  readonly now: () => Date
  /** Told when there is a new job: it need not wait for the next look. */
  readonly wakeJobs: () => void
}
