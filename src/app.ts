/** The composition root: the only place where the rooms are wired together. */
import { Resolver } from 'node:dns/promises'
import type { Server } from 'node:http'
import { createAdminRouter } from './admin/router.ts'
import { type BackgroundWork, startWork } from './background-work.ts'
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
import { createLimits } from './limits/limits.ts'
import { createDiscoveryCheck } from './login/discovery.ts'
import type { LoginEnvironment } from './login/environment.ts'
import { Providers } from './login/providers.ts'
import { createLoginRouter } from './login/router.ts'
import { createOAuthRouter } from './oauth/router.ts'
import { createOrganizations } from './organizations/create.ts'
import { CredentialCache } from './organizations/credential-cache.ts'
import { ensureOperatorToken } from './organizations/credentials.ts'
import type { OrganizationsEnvironment } from './organizations/environment.ts'
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
import { sharedSecret } from './store/shared-secret.ts'
import type { Store } from './store/store.ts'
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
  readonly background: BackgroundWork
  /** Ends the background work, what was accepted from clients when it is done. */
  stop(): Promise<void>
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
  const background = startWork({ rooms, registry, limits, log, now })
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
