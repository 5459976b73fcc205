/** A directory that is measured: a database, the process that serves it, and what is in it. */
import { createServer } from 'node:net'
import { openStore } from '../src/store/store.ts'
import { Client } from './measure.ts'
import { type Measured, startProcess } from './process.ts'
import { operatorToken, type Stage, setStage } from './stage.ts'

export interface Site {
  readonly process: Measured
  readonly client: Client
  readonly stage: Stage
  stop(): Promise<void>
}

export interface UsherOptions {
  readonly uri: string
  readonly dataDir: string
  /** Folder that gets a CPU profile of the process. */
  readonly profile: string | undefined
  /** Processes that share the port; one when nothing is said. */
  readonly workers?: number
}

export interface SiteOptions extends UsherOptions {
  readonly users: number
  readonly members: number
  /** Requests that are under way at most. */
  readonly connections: number
}

/** Starts Usher as `npm start` does, but for the pace that a single client is held to. */
export async function startUsher({ uri, dataDir, profile, workers = 1 }: UsherOptions): Promise<Measured> {
  const settings = {
    MONGODB_URI: uri,
    USHER_PORT: String(await freePort()),
    USHER_DATA_DIR: dataDir,
    USHER_ADMIN_TOKEN: operatorToken,
    USHER_ALLOW_PRIVATE_ISSUERS: 'on',
    USHER_RATE_LIMIT: 'off',
    USHER_WORKERS: String(workers),
    NODE_ENV: 'production',
  }
  // Flags of this process are for the one that is measured; the floor goes without.
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
  const flags = [...process.execArgv, ...profiling]
  return startProcess(workers === 1 ? 'usher-process.ts' : 'workers-process.ts', settings, flags)
}

/** Starts Usher and sets its stage. */
export async function openSite(options: SiteOptions): Promise<Site> {
  const process = await startUsher(options)
  const client = new Client(process.url, options.connections)
  const store = await openStore({ uri: options.uri })
  const stage = await setStage(client, store, options)
  return {
    process,
    client,
    stage,
    async stop() {
      client.close()
      await stage.provider.close()
      await process.stop()
      await store.close()
    },
  }
}

export function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
  })
  return promise
}
