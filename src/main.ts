/** Start: settings → database → app → listen → drain. */
import cluster from 'node:cluster'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type App, createApp } from './app.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { UsherError } from './errors.ts'
import { createHttpServer, listen } from './http/listen.ts'
import { createLogger, type Logger } from './http/log.ts'
import { closeServer } from './http/shutdown.ts'
import { createWaitingApp } from './http/waiting.ts'
import { startDemoProvider } from './sandbox/provider.ts'
import { loadProviderSecrets } from './sandbox/provider-secrets.ts'
import { EmbeddedDatabaseError } from './store/embedded/problem.ts'
import { startEmbedded } from './store/embedded/server.ts'
import { checkSchemaVersion, NewerSchemaError } from './store/schema-version.ts'
import { DatabaseAddressError, openStore, StandaloneServerError, type Store } from './store/store.ts'
import { announceSettings, onSettingsAnnounced, superviseWorkers, WorkersGaveUpError } from './workers.ts'

const badSettings = 2
/** npm and a terminal may both hand on one signal: a second within this time is the same wish to end. */
const sameSignal = 1_500

/** Milliseconds between two looks for a database that did not answer. */
const secondLook = 1_000

type Closing = () => Promise<void>

const closings: Closing[] = []
try {
  await main()
} catch (error) {
  console.error(explain(error))
  for (const close of closings.reverse()) await close().catch(() => undefined)
  process.exit(badSettings)
}

async function main(): Promise<void> {
  const config = readConfig(process.env)
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
  const app = await serve(config, uri, log, closings)
  if (cluster.isPrimary) welcome(config, app.newOperatorToken)
  else if (app.newOperatorToken !== null) console.log(tokenLines(app.newOperatorToken).join('\n'))
}

/** What the workers are told: the database that is there already. By its name alone they would take themselves for no sandbox. */
function workerSettings({ sandbox }: Config, uri: string): Readonly<Record<string, string>> {
  return { MONGODB_URI: uri, MONGODB_URI_FILE: '', USHER_SANDBOX: sandbox ? 'on' : 'off', USHER_SANDBOX_FILE: '' }
}

/** The database's URI; without a setting an embedded server is started. */
async function databaseOf(config: Config, closings: Closing[]): Promise<string> {
  if (config.mongodbUri !== undefined) return config.mongodbUri
  const onProgress = (line: string) => console.log(line)
  const server = await startEmbedded({ dataDir: config.dataDir, binary: config.mongod, onProgress })
  closings.push(() => server.stop())
  return server.uri
}

async function serve(config: Config, uri: string, log: Logger, closings: Closing[]): Promise<App> {
  const store = await openWhenThere(config, uri, log, closings)
  onSettingsAnnounced(() => store.forget())
  closings.push(() => store.close())
  const app = await createApp({ config, store, log, version: packageVersion() })
  closings.push(() => app.stop())
  if (config.sandbox) {
    const { clientSecret } = await loadProviderSecrets(config.dataDir)
    await app.seedSandbox({ issuer: demoIssuer(config), clientSecret })
  }
  await listen(app.server, { host: config.host, port: config.port })
  closings.push(async () => {
    app.draining.begin()
    await closeServer(app.server)
  })
  return app
}

/** Opens the store; while the database does not answer, the port says so. */
async function openWhenThere(config: Config, uri: string, log: Logger, closings: Closing[]): Promise<Store> {
  const first = await openIfThere(uri, log)
  if (first !== null) return first
  const server = createHttpServer(createWaitingApp(log, { name: 'usher', version: packageVersion() }))
  await listen(server, { host: config.host, port: config.port })
  const close = () => closeServer(server)
  closings.push(close)
  for (;;) {
    await delay(secondLook)
    const store = await openIfThere(uri, log)
    if (store === null) continue
    closings.splice(closings.indexOf(close), 1)
    await close()
    return store
  }
}

/** Null when nothing answers, which may change. */
async function openIfThere(uri: string, log: Logger): Promise<Store | null> {
  try {
    const store = await openStore({ uri, announce: announceSettings })
    try {
      await checkSchemaVersion(store)
      await store.prepare()
      return store
    } catch (error) {
      await store.close()
      throw error
    }
  } catch (error) {
    if (!(error instanceof UsherError) || error.code !== 'unavailable') throw error
    log.warn('The database does not answer. It is looked for again.', { error: error.cause ?? error })
    return null
  }
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

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return String((JSON.parse(text) as { version: unknown }).version)
}

/** What somebody who starts the process reads when it cannot start. */
function explain(error: unknown): string {
  if (
    error instanceof ConfigError ||
    error instanceof EmbeddedDatabaseError ||
    error instanceof StandaloneServerError ||
    error instanceof DatabaseAddressError ||
    error instanceof WorkersGaveUpError ||
    error instanceof NewerSchemaError
  ) {
    return error.message
  }
  if (error instanceof UsherError && error.code === 'unavailable') {
    return 'The database does not answer. Check MONGODB_URI, and that the replica set has a primary.'
  }
  // Documents are all that is validated before anybody is served.
  if (error instanceof UsherError && error.code === 'validation_failed') {
    return `USHER_SCHEMAS_DIR cannot be used: ${error.message}`
  }
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `The address is in use: ${error.message}. Choose another port with USHER_PORT.`
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
