/** What comes before serving: the database is there, of a version that is known, and holds what this release needs. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type Config, ConfigError } from './config.ts'
import { documentIndexes } from './directory/document-indexes.ts'
import { rekeying } from './directory/rekey.ts'
import { UsherError } from './errors.ts'
import { createHttpServer, listen } from './http/listen.ts'
import type { Logger } from './http/log.ts'
import { closeServer } from './http/shutdown.ts'
import { createWaitingApp, type WaitingFor } from './http/waiting.ts'
import type { SchemaRegistry } from './schema/registry.ts'
import { EmbeddedDatabaseError } from './store/embedded/problem.ts'
import { startEmbedded } from './store/embedded/server.ts'
import { buildIndexes, type IndexBuild } from './store/index-builds.ts'
import type { Migration } from './store/migrations/migration.ts'
import { MigrationStoppedError, migrate, pendingMigrations } from './store/migrations/run.ts'
import { NewerSchemaError } from './store/schema-version.ts'
import { DatabaseAddressError, openStore, StandaloneServerError, type Store } from './store/store.ts'
import { announceSettings, WorkersGaveUpError } from './workers.ts'

/** What ends something that was opened. */
export type Closing = () => Promise<void>

/** Milliseconds between two looks for a database that did not answer. */
const secondLook = 1_000

const databaseAway: WaitingFor = {
  missing: ['the database does not answer'],
  detail: 'The database has not answered yet. Try again shortly.',
}
const migrating: WaitingFor = {
  missing: ['migrations'],
  detail: 'What is stored is being brought into the form of this release. Try again later.',
}

/** @param outstanding what is known of the indexes that are not there yet */
function building(outstanding: readonly string[]): WaitingFor {
  const named = outstanding.map((name) => `an index is being built: ${name}`)
  return {
    missing: named.length > 0 ? named : ['indexes are being built'],
    detail: 'Indexes that this release needs are being built. Try again later.',
  }
}

/** The database's URI; without a setting an embedded server is started. */
export async function databaseOf(config: Config, closings: Closing[]): Promise<string> {
  if (config.mongodbUri !== undefined) return config.mongodbUri
  const onProgress = (line: string) => console.log(line)
  const server = await startEmbedded({ dataDir: config.dataDir, binary: config.mongod, onProgress })
  closings.push(() => server.stop())
  return server.uri
}

/** Everything that there is to migrate, in this order. */
export function migrationsOf(store: Store, registry: SchemaRegistry): readonly Migration[] {
  return [rekeying({ store, registry })]
}

interface Start {
  readonly config: Config
  readonly registry: SchemaRegistry
  readonly uri: string
  readonly log: Logger
  readonly closings: Closing[]
}

/**
 * Opens the store and brings what it holds up to date; while that takes its time, the port says so.
 * @throws MigrationStoppedError when the process was asked to end meanwhile
 */
export async function openWhenReady(start: Start): Promise<Store> {
  const { registry, log, closings } = start
  const waiting = waitingRoom(start)
  closings.push(waiting.close)
  for (;;) {
    const store = await openIfThere(start, waiting.open)
    if (store === null) {
      await waiting.open(databaseAway)
      await delay(secondLook)
      continue
    }
    const abort = new AbortController()
    const run = { store, migrations: migrationsOf(store, registry), log, now: () => new Date(), stop: abort.signal }
    const work = migrateWhileWaiting(run, () => waiting.open(migrating))
    const stop = async () => {
      abort.abort()
      await work.catch(() => undefined)
      await store.close()
    }
    closings.push(stop)
    try {
      await work
      closings.splice(closings.indexOf(stop), 1, () => store.close())
      closings.splice(closings.indexOf(waiting.close), 1)
      await waiting.close()
      return store
    } catch (error) {
      if (error instanceof MigrationStoppedError) throw error
      closings.splice(closings.indexOf(stop), 1)
      await store.close()
      // A step that took too long for the server is shorter the next time: what it read is in memory by then.
      if (!isAway(error) && !(error instanceof UsherError && error.code === 'too_many')) throw error
      log.warn('The database went away during a migration. It is looked for again.', { error })
    }
  }
}

async function migrateWhileWaiting(run: Parameters<typeof migrate>[0], wait: () => Promise<void>): Promise<void> {
  const pending = await pendingMigrations(run)
  // Of an empty database there is nothing to wait for.
  const sizes = await Promise.all(pending.map((migration) => migration.size()))
  if (sizes.some((size) => size > 0)) await wait()
  await migrate(run)
}

/** The port before there is anything to serve; open only when somebody has to wait. */
function waitingRoom({ config, log }: Start) {
  let reason = databaseAway
  let server: ReturnType<typeof createHttpServer> | null = null
  return {
    async open(why: WaitingFor): Promise<void> {
      reason = why
      if (server !== null) return
      server = createHttpServer(createWaitingApp(log, { name: 'usher', version: packageVersion() }, () => reason))
      await listen(server, { host: config.host, port: config.port })
    },
    async close(): Promise<void> {
      if (server !== null) await closeServer(server)
      server = null
    },
  }
}

/** Null when nothing answers, which may change. */
async function openIfThere(
  { uri, registry, log }: Start,
  wait: (why: WaitingFor) => Promise<void>,
): Promise<Store | null> {
  let told = ''
  const onLong = async (outstanding: readonly string[]) => {
    const why = building(outstanding)
    const names = why.missing.join()
    if (names !== told) log.info(`Nobody is served yet: ${why.missing.join(', ')}.`)
    told = names
    await wait(why)
  }
  try {
    return await openPrepared({ uri, registry, onLong })
  } catch (error) {
    if (!isAway(error)) throw error
    log.warn('The database does not answer. It is looked for again.', { error: error.cause ?? error })
    return null
  }
}

/** The store with every collection and index. @throws NewerSchemaError; UsherError `unavailable` */
export async function openPrepared({
  uri,
  registry,
  onLong,
}: Pick<Start, 'uri' | 'registry'> & Pick<IndexBuild, 'onLong'>): Promise<Store> {
  await buildIndexes({ uri, indexes: documentIndexes(registry), onLong })
  return openStore({ uri, announce: announceSettings })
}

function isAway(error: unknown): error is UsherError {
  return error instanceof UsherError && error.code === 'unavailable'
}

export function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return String((JSON.parse(text) as { version: unknown }).version)
}

/** What somebody who starts the process reads when it cannot start. */
export function explain(error: unknown): string {
  if (
    error instanceof ConfigError ||
    error instanceof EmbeddedDatabaseError ||
    error instanceof StandaloneServerError ||
    error instanceof DatabaseAddressError ||
    error instanceof WorkersGaveUpError ||
    error instanceof MigrationStoppedError ||
    error instanceof NewerSchemaError
  ) {
    return error.message
  }
  if (isAway(error)) {
    return 'The database does not answer. Check MONGODB_URI, and that the replica set has a primary.'
  }
  // Documents are all that is validated before anybody is served.
  if (error instanceof UsherError && error.code === 'validation_failed') {
    const problems = error.errors.map(({ message }) => message)
    return problems.length < 2
      ? `USHER_SCHEMAS_DIR cannot be used: ${error.message}`
      : `USHER_SCHEMAS_DIR cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`
  }
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `The address is in use: ${error.message}. Choose another port with USHER_PORT.`
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
