/** How soon Usher is ready when it is started again: `bin/usher.mjs` with its embedded database, as `npm start` does. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { cpuTimeOf } from './cpu-time.ts'
import { freePort } from './site.ts'
import { decimals, table } from './table.ts'

const times = 3
/** Seconds. */
const mark = 3
const patience = 120
/** Milliseconds between two questions whether it is ready. */
const interval = 20
const program = join(import.meta.dirname, '../bin/usher.mjs')
/** What it needs to find a database program; everything else is left at its default, the sandbox included. */
const kept = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => ['PATH', 'HOME', 'XDG_CACHE_HOME', 'USHER_MONGOD'].includes(name)),
)

export interface Start {
  readonly seconds: number
  /** CPU time of Usher until it was ready, in seconds; on a busy machine the better figure to compare. */
  readonly cpu: number
}

/** Starts and stops it on an empty folder, which makes the database, and then several times more on what is there. */
export async function measureStarts(dataDir: string): Promise<readonly Start[]> {
  await startOnce(dataDir)
  const starts: Start[] = []
  while (starts.length < times) starts.push(await startOnce(dataDir))
  return starts
}

export function showStarts(starts: readonly Start[]): string {
  return table(
    ['start on existing data', 'ready after s', 'mark', 'CPU s'],
    starts.map(({ seconds, cpu }, index) => {
      const verdict = `< ${mark} ${seconds < mark ? '✓' : '✗'}`
      return [String(index + 1), decimals(seconds), verdict, decimals(cpu)]
    }),
  )
}

async function startOnce(dataDir: string): Promise<Start> {
  const port = await freePort()
  const began = performance.now()
  const child = spawn(process.execPath, [program], {
    env: { ...kept, USHER_PORT: String(port), USHER_DATA_DIR: dataDir },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    while (!(await isReady(port))) {
      if (child.exitCode !== null || performance.now() - began > patience * 1_000) throw new Error('it does not start')
      await delay(interval)
    }
    return { seconds: (performance.now() - began) / 1_000, cpu: cpuTimeOf(child.pid!) / 1_000 }
  } finally {
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }
}

async function isReady(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
  await answer?.body?.cancel()
  return answer?.status === 200
}
