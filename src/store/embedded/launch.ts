import { createServer } from 'node:net'
import { MongoInstance, MongoInstanceEvents } from 'mongodb-memory-server-core/lib/util/MongoInstance.js'
import type { Mongod } from './binary.ts'
import { EmbeddedDatabaseError, reasonOf } from './problem.ts'
import { replicaSetName } from './replica-set.ts'

/** Where the embedded database listens: nobody outside of this machine reaches it. */
export const address = '127.0.0.1'

/** What is remembered beside the data from one start to the next. */
export interface Remembered {
  readonly port?: number
  readonly version?: string
}

export interface LaunchOptions {
  readonly before: Remembered
  readonly testCommands: boolean
}

export interface Launched {
  readonly instance: MongoInstance
  readonly port: number
}

/**
 * Starts the `mongod` process on the port of the last time, or on another one when that is taken, and returns when it
 * accepts connections. A small process beside it ends it when ours has been killed.
 *
 * @throws EmbeddedDatabaseError with what mongod itself says, when it ends instead.
 */
export async function launch(
  mongod: Mongod,
  dbPath: string,
  { before, testCommands }: LaunchOptions,
): Promise<Launched> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(attempt === 1 ? before.port : undefined)
    const complaints: string[] = []
    const listen = (text: string) => complaints.push(...severeMessages(text))
    const instance = new MongoInstance({
      instance: {
        port,
        dbPath,
        ip: address,
        replSet: replicaSetName,
        storageEngine: 'wiredTiger',
        args: mongodArguments(testCommands),
        launchTimeout: 60_000,
      },
      binary: { systemBinary: mongod.path, version: mongod.version },
      // A group of its own: Ctrl-C and a signal to our whole group must not end the database before we have drained.
      spawn: { detached: process.platform !== 'win32' },
    })
    instance.on(MongoInstanceEvents.instanceSTDOUT, listen)
    try {
      await instance.start()
      instance.off(MongoInstanceEvents.instanceSTDOUT, listen)
      return { instance, port }
    } catch (error) {
      await instance.stop()
      const said = [...new Set(complaints)].slice(0, 3).join('; ') || reasonOf(error)
      if (/already in use/i.test(said) && attempt < 3) continue
      throw new EmbeddedDatabaseError(explain(said, mongod, before, dbPath), error)
    }
  }
}

function mongodArguments(testCommands: boolean): string[] {
  return [
    ...['--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '256', '--noscripting'],
    ...(process.platform === 'win32' ? [] : ['--nounixsocket']),
    // Journal files of 100 MB are made in advance otherwise, three of them in an empty folder.
    ...['--wiredTigerEngineConfigString', 'log=(prealloc=false,file_max=16MB)'],
    ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
    // A primary that gets a signal waits for clients to find another one; here there is no other.
    ...['--setParameter', 'shutdownTimeoutMillisForSignaledShutdown=0'],
    // What a transaction wrote is blocked for everybody else until it ends; that of a client that was killed ends so.
    ...['--setParameter', 'transactionLifetimeLimitSeconds=15'],
    ...(testCommands ? ['--setParameter', 'enableTestCommands=1'] : []),
  ]
}

/** What mongod complains of in a piece of its log, which is one JSON document a line; "E" and "F" are its severities. */
function severeMessages(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const entry = /"s":"[EF]"/.test(line) ? parseJson(line) : undefined
    const detail = member(member(entry, 'attr'), 'message') ?? member(member(entry, 'attr'), 'error')
    const said = [member(detail, 'msg'), detail, member(entry, 'msg')].find((value) => typeof value === 'string')
    return said === undefined ? [] : [said.trim()]
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function explain(said: string, mongod: Mongod, before: Remembered, dbPath: string): string {
  const changed =
    before.version !== undefined && before.version.split('.', 2).join() !== mongod.version.split('.', 2).join()
  const hint = changed
    ? ` The data was last used with MongoDB ${before.version}; name such a mongod with USHER_MONGOD, or remove ${dbPath}.`
    : ''
  return `The embedded database cannot be started with ${mongod.path} (MongoDB ${mongod.version}): ${said}.${hint}`
}

/** The wanted port if nobody listens on it, else one that the system chooses. */
async function freePort(wanted: number | undefined): Promise<number> {
  const { promise, resolve: found, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.once('error', (error) => (wanted === undefined ? reject(error) : found(freePort(undefined))))
  server.listen({ host: address, port: wanted ?? 0, exclusive: true }, () => {
    const bound = server.address()
    server.close(() => (typeof bound === 'object' && bound !== null ? found(bound.port) : reject(new Error('no port'))))
  })
  return promise
}
