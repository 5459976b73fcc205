/** The composition root: the only place where the rooms are wired together. */
import { randomBytes } from 'node:crypto'
import { Resolver } from 'node:dns/promises'
import type { Server } from 'node:http'
import { createAdminRouter } from './admin/router.ts'
import { type Background, startBackground } from './background.ts'
import type { Config } from './config.ts'
import type { RequestContext } from './context.ts'
import { createDirectory } from './directory/directory.ts'
import type { Directory } from './directory/types.ts'
import { UsherError } from './errors.ts'
import { createHttpServer } from './http/listen.ts'
import type { Logger } from './http/log.ts'
import { createMetrics, type Metrics } from './http/metrics.ts'
import { createHttpApp } from './http/server.ts'
import { createDraining, type Draining } from './http/shutdown.ts'
import { createDiscoveryCheck } from './login/discovery.ts'
import type { LoginEnvironment } from './login/environment.ts'
import { Providers } from './login/providers.ts'
import { createLoginRouter } from './login/router.ts'
import { createOAuthRouter } from './oauth/router.ts'
import { createOrganizations } from './organizations/create.ts'
import { CredentialCache } from './organizations/credential-cache.ts'
import { ensureOperatorToken } from './organizations/credentials.ts'
import { recheckDomains } from './organizations/domain-rechecks.ts'
import type { OrganizationsEnvironment } from './organizations/environment.ts'
import { type ReleaseUsers, runJobs } from './organizations/jobs.ts'
import { createSealing, loadSealingKey } from './organizations/sealing.ts'
import type { Organizations, TxtResolver } from './organizations/types.ts'
import { type Sandbox, sandboxSlug, seedSandbox } from './sandbox/seed.ts'
import { createStartRouter } from './sandbox/start-page.ts'
import { builtInDocuments, readDocuments } from './schema/documents.ts'
import { createRegistry, type SchemaRegistry } from './schema/registry.ts'
import { AsyncRuns } from './scim/async-runs.ts'
import { dialects } from './scim/dialects.ts'
import { createScimRouter } from './scim/router.ts'
import { Scans } from './scim/scans.ts'
import { type Store, StoreConflict } from './store/store.ts'

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
  readonly background: Background<'jobs' | 'domains'>
  /** Ends the background work, what was accepted from clients when it is done. */
  stop(): Promise<void>
}

/** Milliseconds between two looks for jobs of other processes, and for domains whose proof is due. */
const intervals = { jobs: 15_000, domains: 600_000 }
/** Of the name servers, so that one that is silent holds nobody up for long. */
const patience = { timeout: 2_000, tries: 2 }

/** Wires the rooms together on an open store. Nothing listens yet. */
export async function createApp(options: AppOptions): Promise<App> {
  const { config, store, log } = options
  const now = options.now ?? (() => new Date())
  const registry = createRegistry(
    readDocuments([builtInDocuments, ...(config.schemasDir === undefined ? [] : [config.schemasDir])]),
  )
  const directory = createDirectory({ store, registry, reportFailure: reportTo(log) })
  const providers = new Providers({ allowPrivateIssuers: config.allowPrivateIssuers, now })
  const environment: OrganizationsEnvironment = {
    store,
    publicUrl: config.publicUrl,
    jitDefaults: { mode: config.jitDefault, attributeSyncMethod: config.attributeSyncDefault },
    sealing: createSealing(await loadSealingKey(config.dataDir)),
    credentialCache: new CredentialCache(),
    resolveTxt: options.resolveTxt ?? ((name) => new Resolver(patience).resolveTxt(name)),
    checkDiscovery: createDiscoveryCheck(providers.fetch, config.allowPrivateIssuers),
    userType: registry.resourceType('User'),
  }
  const organizations = createOrganizations(environment)
  const metrics = createMetrics()
  const login: LoginEnvironment = {
    organizations,
    directory: countLogins(directory, metrics),
    onNotGenuine: (reason) => metrics.loginNotGenuine(reason),
    providers,
    publicUrl: config.publicUrl,
    sandbox: config.sandbox ? sandboxSlug : null,
    now,
  }
  const release = releaseBy(directory, config.publicUrl, now)
  const background = startBackground(
    {
      jobs: { interval: intervals.jobs, run: () => runJobs(environment, release, now) },
      domains: { interval: intervals.domains, run: () => recheckDomains(environment, now) },
    },
    log,
  )
  const draining = createDraining()
  const asyncRuns = new AsyncRuns()
  let sandbox: Sandbox | null = null
  const app = createHttpApp({
    log,
    metrics,
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
      asyncRuns,
      log,
      now,
    }),
    admin: createAdminRouter({
      environment,
      organizations,
      directory,
      login,
      log,
      now,
      wakeJobs: () => void background.wake('jobs'),
    }),
    login: createLoginRouter(login, log),
    oauth: createOAuthRouter({ environment, organizations, log, now }),
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
      await background.stop()
    },
  }
}

/** The directory as the login room sees it, with every arrival counted. */
function countLogins(directory: Directory, metrics: Metrics): Directory {
  return {
    ...directory,
    async arrive(context, input) {
      try {
        const arrival = await directory.arrive(context, input)
        metrics.loginDecided(arrival.decision.outcome)
        return arrival
      } catch (error) {
        if (error instanceof UsherError && 'decisionId' in error.members) {
          metrics.loginDecided('refused')
          metrics.loginRefused(error.code)
        }
        throw error
      }
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
function releaseBy(directory: Directory, publicUrl: string, now: () => Date): ReleaseUsers {
  return (organization, { job, connection, choice, limit }) => {
    const context: RequestContext = {
      requestId: `job-${job}`,
      principal: { kind: 'system', job },
      now: now(),
      organization,
      source: `job:${job}`,
      dialect: dialects.rfc,
      baseUrl: `${publicUrl}/scim/v2/${organization.slug}`,
      note: () => undefined,
    }
    return directory.releaseConnection(context, connection, choice, limit)
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
