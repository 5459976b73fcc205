/** The composition root: the only place where the rooms are wired together. */
import { randomBytes } from 'node:crypto'
import { Resolver } from 'node:dns/promises'
import type { Server } from 'node:http'
import { applyWork } from './admin/apply-settings.ts'
import { contextOfDeletion, jobContext } from './admin/job-context.ts'
import { previewWork } from './admin/preview.ts'
import { relinkWork } from './admin/relink.ts'
import { createAdminRouter } from './admin/router.ts'
import { verificationWork } from './admin/verification.ts'
import { type Background, startBackground } from './background.ts'
import type { Config } from './config.ts'
import type { RequestContext } from './context.ts'
import { countChanges, countLogins, countProviders, countStore } from './counting.ts'
import { createDirectory } from './directory/directory.ts'
import { documentIndexes } from './directory/document-indexes.ts'
import type { Directory } from './directory/types.ts'
import { createHttpServer } from './http/listen.ts'
import type { Logger } from './http/log.ts'
import { createMetrics } from './http/metrics.ts'
import { createHttpApp } from './http/server.ts'
import { createDraining, type Draining } from './http/shutdown.ts'
import { createLimits, exchangeUse } from './limits/limits.ts'
import type { SumUp } from './limits/rate-limiter.ts'
import { createDiscoveryCheck } from './login/discovery.ts'
import type { LoginEnvironment } from './login/environment.ts'
import { Providers } from './login/providers.ts'
import { createLoginRouter } from './login/router.ts'
import { createOAuthRouter } from './oauth/router.ts'
import { pruningWork, staleUsersWork, startDueCare } from './organizations/care.ts'
import { connectionDeletion, type ReleaseUsers } from './organizations/connection-deletion.ts'
import { createOrganizations } from './organizations/create.ts'
import { CredentialCache } from './organizations/credential-cache.ts'
import { ensureOperatorToken } from './organizations/credentials.ts'
import { recheckDomains } from './organizations/domain-rechecks.ts'
import { type CloseLink, closeEndedLinks } from './organizations/ended-links.ts'
import type { OrganizationsEnvironment } from './organizations/environment.ts'
import { afterwards, type JobKinds, runJobs } from './organizations/jobs.ts'
import { organizationRemoval } from './organizations/organization-deletion.ts'
import { scimScopes } from './organizations/scim-scopes.ts'
import { loadSealing } from './organizations/sealing.ts'
import type { Organizations, TxtResolver } from './organizations/types.ts'
import { type Sandbox, sandboxSlug, seedSandbox } from './sandbox/seed.ts'
import { createStartRouter } from './sandbox/start-page.ts'
import { loadRegistry } from './schema/documents.ts'
import type { SchemaRegistry } from './schema/registry.ts'
import { AsyncRuns } from './scim/async-runs.ts'
import { createScimRouter } from './scim/router.ts'
import { Scans } from './scim/scans.ts'
import { migrationsOf } from './start.ts'
import { holdLease } from './store/leases.ts'
import { lookAgain } from './store/migrations/run.ts'
import { type Store, StoreConflict } from './store/store.ts'
import { shareFigures } from './workers.ts'

export interface AppOptions {
  readonly config: Config
  readonly store: Store
  readonly log: Logger
  readonly version: string
  /** The clock; the system's unless a test gives another. */
  readonly now?: () => Date
  readonly resolveTxt?: TxtResolver
}

export interface App {
  readonly server: Server
  readonly draining: Draining
  readonly registry: SchemaRegistry
  readonly directory: Directory
  readonly environment: OrganizationsEnvironment
  readonly organizations: Organizations
  /** The operator's token when it was made just now, to be shown once. */
  readonly newOperatorToken: string | null
  /** Puts the demo organization in place; its identity provider must answer. */
  seedSandbox(provider: { readonly issuer: string; readonly clientSecret: string }): Promise<Sandbox>
  readonly background: Background<
    'jobs' | 'links' | 'memberships' | 'feeds' | 'domains' | 'care' | 'limits' | 'migrations'
  >
  /** Ends the background work, what was accepted from clients when it is done. */
  stop(): Promise<void>
}

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
/** Of the name servers, so that one that is silent holds nobody up for long. */
const patience = { timeout: 2_000, tries: 2 }

/** Wires the rooms together on an open store. Nothing listens yet. */
export async function createApp(options: AppOptions): Promise<App> {
  const { config, store, log } = options
  const now = options.now ?? (() => new Date())
  const registry = loadRegistry(config.schemasDir)
  for (const schema of registry.unusedSchemas) {
    log.warn(`The schema "${schema}" is used by no resource type, so that nothing comes of it.`)
  }
  await store.expectIndexes(documentIndexes(registry))
  const metrics = createMetrics()
  const directory = createDirectory({
    store,
    registry,
    observer: countChanges(metrics),
    reportFailure: reportTo(log),
    onLeftover: () => void background.wake('memberships'),
  })
  countStore(store, directory, now, metrics)
  const providers = new Providers({
    allowPrivateIssuers: config.allowPrivateIssuers,
    now,
    ...countProviders(metrics),
  })
  const environment: OrganizationsEnvironment = {
    store,
    publicUrl: config.publicUrl,
    jitDefaults: { mode: config.jitDefault, attributeSyncMethod: config.attributeSyncDefault },
    sealing: await loadSealing(config.dataDir, config.sealingKeys),
    credentialCache: new CredentialCache(),
    resolveTxt: options.resolveTxt ?? ((name) => new Resolver(patience).resolveTxt(name)),
    checkDiscovery: createDiscoveryCheck(providers.fetch, config.allowPrivateIssuers),
    userType: registry.resourceType('User'),
    scimScopes: scimScopes(registry.resourceTypes),
  }
  const organizations = createOrganizations(environment)
  const limits = createLimits(config.rateLimit)
  const login: LoginEnvironment = {
    organizations,
    directory: countLogins(directory, metrics),
    onNotGenuine: metrics.loginNotGenuine,
    providers,
    publicUrl: config.publicUrl,
    sandbox: config.sandbox ? sandboxSlug : null,
    now,
  }
  const rooms = { environment, organizations, directory, login }
  const jobs: JobKinds = {
    'delete-connection': connectionDeletion(environment, releaseBy(directory, environment, now)),
    'preview-settings': previewWork(rooms),
    'apply-settings': applyWork(rooms),
    ...careJobs(directory, environment, now),
    relink: relinkWork(rooms),
    [afterwards]: organizationRemoval(environment),
    verify: verificationWork(rooms),
  }
  const ending = new AbortController()
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
      care: { interval: intervals.care, run: () => care() },
      migrations: {
        interval: intervals.migrations,
        run: () => lookAgain({ store, migrations: migrationsOf(store, registry), log, now, stop: ending.signal }),
      },
      limits: { interval: intervals.limits, run: () => exchangeUse(limits, sumUpIn(store), now()) },
    },
    log,
  )
  const care = async () => {
    await directory.finishErasures(now())
    if (await startDueCare(environment, now)) await background.wake('jobs')
  }
  const draining = createDraining()
  const asyncRuns = new AsyncRuns()
  let sandbox: Sandbox | null = null
  const app = createHttpApp({
    log,
    metrics,
    othersFigures: shareFigures(config.workers, metrics.figures),
    draining,
    health: () => store.health(),
    version: { name: 'usher', version: options.version, node: process.versions.node },
    scim: createScimRouter({
      directory,
      organizations,
      registry,
      publicUrl: config.publicUrl,
      cursorKeys: [await sharedSecret(store, 'cursor-key')],
      scans: new Scans(),
      limits,
      asyncRuns,
      log,
      now,
      onPatchOp: metrics.patchAsked,
    }),
    admin: createAdminRouter({
      environment,
      organizations,
      directory,
      limits,
      login,
      log,
      now,
      wakeJobs: () => void background.wake('jobs'),
    }),
    login: createLoginRouter(login, log),
    oauth: createOAuthRouter({ environment, organizations, limits, log, now }),
    start: createStartRouter({ sandbox: () => sandbox, directory, publicUrl: config.publicUrl, log, now }),
  })
  return {
    server: createHttpServer(app, draining),
    draining,
    registry,
    directory,
    environment,
    organizations,
    newOperatorToken: await ensureOperatorToken(environment, config.adminToken, now()),
    async seedSandbox(provider) {
      const rooms = { environment, organizations, directory, registry, dataDir: config.dataDir, now }
      sandbox = await seedSandbox(rooms, provider)
      return sandbox
    },
    background,
    async stop() {
      await asyncRuns.settle()
      ending.abort()
      await background.stop()
    },
  }
}

function reportTo(log: Logger) {
  return (context: RequestContext, error: unknown) =>
    log.error('A login could not be provisioned.', {
      requestId: context.requestId,
      organization: context.organization.slug,
      client: context.source,
      error,
    })
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

/** What was used of each client's pace, added up in the database. */
function sumUpIn({ requestCounts }: Store): SumUp {
  const kept = 60_000
  return async (key, slot, used) => {
    const query = { _id: `${key} ${slot}` }
    const update = { $inc: { used }, $set: { expiresAt: new Date(Date.now() + kept) } }
    const found = await requestCounts.findOneAndUpdate(query, update, { upsert: true })
    return found?.used ?? used
  }
}

/** 32 random bytes that all processes of an installation share. */
async function sharedSecret(store: Store, name: string): Promise<Uint8Array> {
  const known = await store.secrets.findOne({ _id: name })
  if (known !== null) return Buffer.from(known.value, 'base64url')
  try {
    await store.secrets.insertOne({ _id: name, value: randomBytes(32).toString('base64url') })
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error
  }
  const made = await store.secrets.findOne({ _id: name })
  return Buffer.from(made!.value, 'base64url')
}
