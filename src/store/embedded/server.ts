import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findMongod } from './binary.ts'
import { lockDataDirectory } from './data-lock.ts'
import { keepRunning, whileRunning } from './keep-running.ts'
import { address, launch, type Remembered } from './launch.ts'
import { EmbeddedDatabaseError, reasonOf } from './problem.ts'
import { commandOf, endProcess, isRunning, signal } from './processes.ts'
import { becomePrimary, replicaSetName } from './replica-set.ts'

export interface EmbeddedOptions {
  /** Folder of the database; it is made when it is missing, and belongs to one process at a time. */
  readonly dataDir: string
  /** The `mongod` to use; without it one is found or fetched. */
  readonly binary?: string | undefined
  /** Takes lines for a person who waits, such as how much has been fetched. */
  readonly onProgress: (line: string) => void
  /** Switches the server's failpoints on, for tests of faults. */
  readonly testCommands?: boolean
}

/** A `mongod` that belongs to this process. */
export interface EmbeddedServer {
  /** Address of the replica set, with the database `usher`. */
  readonly uri: string
  readonly version: string
  /** Ends the server in good order and frees the data directory. */
  readonly stop: () => Promise<void>
}

/**
 * Starts a `mongod` as a replica set of one on `dataDir` and returns when it takes writes. It listens on the loopback
 * address only, keeps its data between starts, and ends with this process even when that is killed.
 *
 * @throws EmbeddedDatabaseError when the directory is in use, or no `mongod` can be had or started.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const dataDir = resolve(options.dataDir)
  const dbPath = join(dataDir, 'mongodb')
  makeFolder(dbPath)
  const lock = lockDataDirectory(dataDir)
  try {
    const mongod = await findMongod(options)
    await endLeftOver(dbPath, options.onProgress)
    const before = recall(dataDir)
    const testCommands = options.testCommands === true
    const launched = await launch(mongod, dbPath, { before, testCommands })
    const { port } = launched
    if (before.port !== undefined && before.port !== port) {
      options.onProgress(`Port ${before.port} is taken; the database moves to ${port}, which may take half a minute`)
    }
    /** Where the driver looks for it: nobody tells it of another place. */
    const startAgain = async () => {
      const { instance, port: found } = await launch(mongod, dbPath, { before: { port }, testCommands })
      try {
        if (found !== port) throw new Error(`its port ${port} has been taken`)
        await whileRunning(instance, becomePrimary(`${address}:${port}`))
        return instance
      } catch (error) {
        await instance.stop()
        throw error
      }
    }
    const server = keepRunning(launched.instance, { start: startAgain, onProgress: options.onProgress })
    // The last resort of a process that ends without having called stop: signals can be sent, nothing awaited.
    const abandon = () => {
      const { mongodProcess, killerProcess } = server.current()
      if (mongodProcess?.pid !== undefined) signal(mongodProcess.pid, 'SIGTERM')
      if (killerProcess?.pid !== undefined) signal(killerProcess.pid, 'SIGTERM')
      lock.release()
    }
    process.once('exit', abandon)
    const stop = async () => {
      await server.stop()
      process.off('exit', abandon)
      lock.release()
    }
    try {
      await becomePrimary(`${address}:${port}`)
    } catch (error) {
      await stop()
      throw new EmbeddedDatabaseError(`The embedded database does not get ready: ${reasonOf(error)}`, error)
    }
    remember(dataDir, { port, version: mongod.version })
    const uri = `mongodb://${address}:${port}/usher?replicaSet=${replicaSetName}`
    return { uri, version: mongod.version, stop }
  } catch (error) {
    lock.release()
    throw error
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new EmbeddedDatabaseError(`The data directory cannot be made: ${reasonOf(error)}`, error)
  }
}

/** A `mongod` whose Usher was killed may still be running for a moment; `mongod.lock` holds its process id. */
async function endLeftOver(dbPath: string, onProgress: (line: string) => void): Promise<void> {
  const pid = Number.parseInt(readText(join(dbPath, 'mongod.lock')) ?? '', 10)
  if (!Number.isSafeInteger(pid) || pid <= 1 || !isRunning(pid)) return
  const command = commandOf(pid)
  if (!command?.includes('mongod') || !command.includes(dbPath)) return
  onProgress(`A mongod of an earlier run (process ${pid}) is still there and is stopped`)
  await endProcess(pid)
}

function recall(dataDir: string): Remembered {
  try {
    const value: unknown = JSON.parse(readText(join(dataDir, 'mongodb.json')) ?? '{}')
    if (typeof value !== 'object' || value === null) return {}
    const port = 'port' in value && typeof value.port === 'number' && Number.isSafeInteger(value.port) ? value.port : 0
    return {
      ...(port > 1023 && port < 65_536 ? { port } : {}),
      ...('version' in value && typeof value.version === 'string' ? { version: value.version } : {}),
    }
  } catch {
    return {}
  }
}

function remember(dataDir: string, remembered: Remembered): void {
  writeFileSync(join(dataDir, 'mongodb.json'), `${JSON.stringify(remembered)}\n`)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
