/** Start: settings → database → app → listen → drain. */
import cluster from 'node:cluster'
import { type App, createApp } from './app.ts'
import { type Config, readConfig } from './config.ts'
import { documentIndexes } from './directory/document-indexes.ts'
import { listen } from './http/listen.ts'
import { createLogger, type Logger } from './http/log.ts'
import { closeServer } from './http/shutdown.ts'
import { startDemoProvider } from './sandbox/provider.ts'
import { loadProviderSecrets } from './sandbox/provider-secrets.ts'
import { loadRegistry } from './schema/documents.ts'
import type { SchemaRegistry } from './schema/registry.ts'
import { type Closing, databaseOf, explain, openWhenReady, packageVersion } from './start.ts'
import { MigrationStoppedError } from './store/migrations/run.ts'
import { announceServing, onSettingsAnnounced, superviseWorkers } from './workers.ts'

const badSettings = 2
/** npm and a terminal may both hand on one signal: a second within this time is the same wish to end. */
const sameSignal = 1_500

const closings: Closing[] = []
try {
  await main()
} catch (error) {
  // Whoever asked the process to end is ending it.
  if (!(error instanceof MigrationStoppedError)) {
    console.error(explain(error))
    for (const close of closings.reverse()) await close().catch(() => undefined)
    process.exit(badSettings)
  }
}

async function main(): Promise<void> {
  const config = readConfig(process.env)
  // Before anything is started: each worker reads the documents again, and would end for the same reason.
  const registry = loadRegistry(config.schemasDir)
  documentIndexes(registry)
  const log = createLogger(config.logLevel)
  onSignal(log, closings)
  process.on('unhandledRejection', (error) => {
    log.error('A rejection was not handled.', { error })
    process.exit(1)
  })
  if (config.sandbox && cluster.isPrimary) closings.push(await openDemoProvider(config))
  const uri = await databaseOf(config, closings)
  if (config.workers > 1 && cluster.isPrimary) {
    const { ready, stop } = superviseWorkers({ count: config.workers, environment: workerSettings(config, uri), log })
    closings.push(stop)
    await ready
    welcome(config, null)
    return
  }
  const app = await serve(config, registry, uri, log)
  if (cluster.isPrimary) welcome(config, app.newOperatorToken)
  else if (app.newOperatorToken !== null) console.log(tokenLines(app.newOperatorToken).join('\n'))
}

/** What the workers are told: the database that is there already. By its name alone they would take themselves for no sandbox. */
function workerSettings({ sandbox }: Config, uri: string): Readonly<Record<string, string>> {
  return { MONGODB_URI: uri, MONGODB_URI_FILE: '', USHER_SANDBOX: sandbox ? 'on' : 'off', USHER_SANDBOX_FILE: '' }
}

async function serve(config: Config, registry: SchemaRegistry, uri: string, log: Logger): Promise<App> {
  const store = await openWhenReady({ config, registry, uri, log, closings })
  onSettingsAnnounced(() => store.forget())
  const app = await createApp({ config, store, log, version: packageVersion() })
  closings.push(() => app.stop())
  if (config.sandbox) {
    const { clientSecret } = await loadProviderSecrets(config.dataDir)
    await app.seedSandbox({ issuer: demoIssuer(config), clientSecret })
  }
  await listen(app.server, { host: config.host, port: config.port })
  announceServing()
  closings.push(async () => {
    app.draining.begin()
    await closeServer(app.server)
  })
  return app
}

/** The demo identity provider listens on the next port. Gives what ends it. */
async function openDemoProvider(config: Config): Promise<Closing> {
  const provider = await startDemoProvider({
    host: config.host,
    port: config.port + 1,
    issuer: demoIssuer(config),
    loginUrl: `${config.publicUrl}/login`,
    secrets: await loadProviderSecrets(config.dataDir),
  })
  return () => provider.close()
}

function demoIssuer({ host, port }: Config): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port + 1}`
}

function welcome(config: Config, newToken: string | null): void {
  const lines = [`Usher ${packageVersion()} is ready at ${config.publicUrl}`]
  if (config.sandbox) {
    lines.push(
      `  Sandbox      ${config.publicUrl}/ (organization acme, demo identity provider at ${demoIssuer(config)})`,
    )
  }
  lines.push(`  SCIM         ${config.publicUrl}/scim/v2/{organization}`)
  lines.push(`  Admin API    ${config.publicUrl}/api/v1 (described at /api/v1/openapi.json)`)
  if (newToken !== null) lines.push(...tokenLines(newToken))
  console.log(lines.join('\n'))
}

function tokenLines(token: string): readonly string[] {
  return [`  Admin token  ${token}`, '               Keep it: it is shown this once and stored as a hash.']
}

/** The first signal drains and ends with 0; a later one ends at once. */
function onSignal(log: Logger, closings: Closing[]): void {
  let since: number | undefined
  const stop = async (signal: NodeJS.Signals) => {
    if (since !== undefined) {
      if (Date.now() - since > sameSignal) process.exit(1)
      return
    }
    since = Date.now()
    log.info('Shutting down.', { signal })
    // What was opened last is closed first: requests end before the database goes.
    for (const close of closings.reverse()) {
      await close().catch((error: unknown) => log.warn('Something did not close.', { error }))
    }
    process.exit(0)
  }
  process.on('SIGTERM', stop).on('SIGINT', stop)
}
