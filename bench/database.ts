/** The database server that a run starts for itself, and what it takes. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../src/store/embedded/server.ts'
import { cpuTimeOf } from './cpu-time.ts'
import type { Measured } from './process.ts'

export interface Database {
  readonly uri: string
  /** A folder for everything that is kept during the run. */
  readonly dataDir: string
  /** CPU time that it has used since it began, in milliseconds; NaN where the system does not say. */
  cpu(): number
}

/** Runs `work` with a database of its own, which is gone afterwards. */
export async function withDatabase<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
  return withFolder(async (dataDir) => {
    const { uri, stop } = await startEmbedded({ dataDir, onProgress: console.log, binary: process.env.USHER_MONGOD })
    try {
      const pid = Number.parseInt(readFileSync(join(dataDir, 'mongodb/mongod.lock'), 'utf8'), 10)
      return await work({ uri, dataDir, cpu: () => cpuTimeOf(pid) })
    } finally {
      await stop()
    }
  })
}

export async function withFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-bench-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A process, and the CPU time of the database for each millisecond of its own while it was measured in turns. */
export interface Watched {
  readonly process: Measured
  databaseShare(): number
}

/** Reads the database's time whenever that of the process is asked for: at the beginning and at the end of each turn. */
export function watched(process: Measured, database: Database): Watched {
  const readings: { readonly own: number; readonly database: number }[] = []
  return {
    process: {
      ...process,
      async cpu() {
        const own = await process.cpu()
        readings.push({ own, database: database.cpu() })
        return own
      },
    },
    databaseShare() {
      const used = { own: 0, database: 0 }
      for (let turn = 0; turn + 1 < readings.length; turn += 2) {
        const [before, after] = [readings[turn]!, readings[turn + 1]!]
        used.own += after.own - before.own
        used.database += after.database - before.database
      }
      return used.database / used.own
    },
  }
}
