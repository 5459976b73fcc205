/** What Usher does by itself: what is looked for, how often, and how the jobs of each kind are done. */
import { applyWork } from './admin/apply-settings.ts'
import type { JobDependencies } from './admin/dependencies.ts'
import { contextOfDeletion, jobContext } from './admin/job-context.ts'
import { previewWork } from './admin/preview.ts'
import { relinkWork } from './admin/relink.ts'
import { verificationWork } from './admin/verification.ts'
import { type Background, startBackground } from './background.ts'
import type { Directory } from './directory/types.ts'
import type { Logger } from './http/log.ts'
import { exchangeUse, type Limits } from './limits/limits.ts'
import { pruningWork, staleUsersWork, startDueCare } from './organizations/care.ts'
import { connectionDeletion, type ReleaseUsers } from './organizations/connection-deletion.ts'
import { recheckDomains } from './organizations/domain-rechecks.ts'
import { type CloseLink, closeEndedLinks } from './organizations/ended-links.ts'
import type { OrganizationsEnvironment } from './organizations/environment.ts'
import { afterwards, type JobKinds, runJobs } from './organizations/jobs.ts'
import { organizationRemoval } from './organizations/organization-deletion.ts'
import type { SchemaRegistry } from './schema/registry.ts'
import { migrationsOf } from './start.ts'
import { holdLease } from './store/leases.ts'
import { lookAgain } from './store/migrations/run.ts'
import { sumUpIn } from './store/request-counts.ts'

/** Milliseconds between two looks for jobs of other processes, for links whose time is over, and for domains whose proof is due. */
const intervals = {
  jobs: 15_000,
  links: 30_000,
  memberships: 30_000,
  feeds: 30_000,
  domains: 600_000,
  care: 600_000,
  migrations: 600_000,
  limits: 1_000,
}

export type BackgroundWork = Background<keyof typeof intervals>

export interface WorkDependencies {
  readonly rooms: JobDependencies
  readonly registry: SchemaRegistry
  readonly limits: Limits
  readonly log: Logger
  readonly now: () => Date
}

/** Begins to look for all of it. */
export function startWork({ rooms, registry, limits, log, now }: WorkDependencies): BackgroundWork {
  const { environment, directory } = rooms
  const { store } = environment
  const jobs = jobKinds(rooms, now)
  const background = startBackground(
    {
      jobs: { interval: intervals.jobs, run: (stopping) => runJobs(environment, jobs, now, stopping) },
      domains: { interval: intervals.domains, run: () => recheckDomains(environment, now) },
      links: {
        interval: intervals.links,
        run: () => closeEndedLinks(environment, closeBy(directory, environment), now),
      },
      memberships: {
        interval: intervals.memberships,
        run: async (stopping) => {
          await holdLease(environment, 'memberships', now, (renew) =>
            directory.sweepMemberships(
              now(),
              async () => !stopping.aborted && renew(),
              contextOfDeletion(environment, now),
            ),
          )
        },
      },
      feeds: {
        interval: intervals.feeds,
        run: async () => {
          await holdLease(environment, 'feeds', now, (renew) => directory.numberFeeds(renew))
        },
      },
      care: {
        interval: intervals.care,
        run: async () => {
          await directory.finishErasures(now())
          if (await startDueCare(environment, now)) await background.wake('jobs')
        },
      },
      migrations: {
        interval: intervals.migrations,
        run: (stopping) => lookAgain({ store, migrations: migrationsOf(store, registry), log, now, stop: stopping }),
      },
      limits: { interval: intervals.limits, run: () => exchangeUse(limits, sumUpIn(store), now()) },
    },
    log,
  )
  return background
}

function jobKinds(rooms: JobDependencies, now: () => Date): JobKinds {
  const { environment, directory } = rooms
  return {
    'delete-connection': connectionDeletion(environment, releaseBy(directory, environment, now)),
    'preview-settings': previewWork(rooms),
    'apply-settings': applyWork(rooms),
    ...careJobs(directory, environment, now),
    relink: relinkWork(rooms),
    [afterwards]: organizationRemoval(environment),
    verify: verificationWork(rooms),
  }
}

/** Releases the users of a connection that is being deleted, in the name of the job that deletes it. */
function releaseBy(directory: Directory, environment: OrganizationsEnvironment, now: () => Date): ReleaseUsers {
  return (organization, { job, connection, choice, limit }) =>
    directory.releaseConnection(jobContext(environment, organization, { id: job }, now()), connection, choice, limit)
}

/** Closes a link whose time is over. */
function closeBy(directory: Directory, environment: OrganizationsEnvironment): CloseLink {
  return (organization, link, now) =>
    directory.closeEndedLink(jobContext(environment, organization, { id: 'ended-links' }, now), link)
}

/** What organizations have done every day, in the name of the job that does it. */
function careJobs(directory: Directory, environment: OrganizationsEnvironment, now: () => Date): JobKinds {
  return {
    'retire-stale-users': staleUsersWork(environment, (organization, { job, setting, ...page }) =>
      directory.retireStaleUsers(jobContext(environment, organization, { id: job }, now()), setting, page),
    ),
    'prune-changes': pruningWork(environment, (organization, { job, ...work }) =>
      directory.pruneChanges(jobContext(environment, organization, { id: job }, now()), work),
    ),
  }
}
