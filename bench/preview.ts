/**
 * How much memory Usher takes for a preview of many people, and how long it takes.
 *
 * node [flags of Node for Usher] bench/preview.ts [people]
 */
import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startEmbedded } from '../src/store/embedded/server.ts'
import { openStore } from '../src/store/store.ts'

const people = Number(process.argv[2] ?? 100_000)
const portion = 2_000
const token = `usher_admin_${randomBytes(32).toString('hex')}`
const port = 18_080
const api = `http://127.0.0.1:${port}/api/v1`
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }

const dataDir = await mkdtemp(join(tmpdir(), 'usher-preview-'))
const database = await startEmbedded({ dataDir, onProgress: console.log, binary: process.env.USHER_MONGOD })
const usher = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, '../bin/usher.mjs')], {
  env: {
    ...process.env,
    MONGODB_URI: database.uri,
    USHER_SANDBOX: 'on',
    USHER_PORT: String(port),
    USHER_DATA_DIR: dataDir,
    USHER_ADMIN_TOKEN: token,
    USHER_LOG_LEVEL: 'error',
  },
  stdio: ['ignore', 'inherit', 'inherit'],
})
try {
  await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null))?.status === 200)
  await run()
} finally {
  usher.kill()
  await database.stop()
  await rm(dataDir, { recursive: true, force: true })
}

async function run(): Promise<void> {
  const { id: org } = await call('GET', '/organizations/acme')
  const [connection] = (await call('GET', '/organizations/acme/connections')).items as [{ id: string }]
  await fill(String(org), connection.id)
  console.log(`${people} recorded logins; Usher has taken ${await peak()} MiB`)
  const begin = performance.now()
  const path = `/organizations/acme/connections/${connection.id}/jit/preview`
  const { job } = await call('POST', path, { jit: { domains: 'any' } })
  if (job === undefined) throw new Error('these were too few for a job')
  await until(async () => {
    const { state, progress } = (await call('GET', `/jobs/${job}`)) as {
      readonly state: string
      readonly progress: { readonly done: number; readonly total: number }
    }
    const seconds = Math.round((performance.now() - begin) / 1_000)
    console.log(`${state}: ${progress.done} of ${progress.total} in ${seconds} s, at most ${await peak()} MiB`)
    return state === 'done' || state === 'failed'
  }, 10_000)
}

/** People whom nobody knows yet: what costs most to decide. */
async function fill(org: string, connection: string): Promise<void> {
  const store = await openStore({ uri: database.uri })
  for (let begin = 0; begin < people; begin += portion) {
    const size = Math.min(portion, people - begin)
    const decisions = Array.from({ length: size }, (_, index) => decisionOf(org, connection, begin + index))
    await store.decisions.insertMany(org, decisions)
  }
  await store.close()
}

function decisionOf(org: string, connection: string, number: number) {
  const claims = {
    sub: `s-${number}`,
    email: `s-${number}@acme.example`,
    email_verified: true,
    name: `Person ${number}`,
    given_name: 'Person',
    family_name: String(number),
    groups: ['a', 'b', 'c'],
  }
  const now = new Date()
  return {
    _id: randomUUID(),
    org,
    reference: randomUUID(),
    at: now,
    connection,
    configVersion: 1,
    outcome: 'observed',
    code: null,
    subject: claims.sub,
    user: null,
    steps: Array.from({ length: 11 }, (_, step) => ({ step: `s${step}`, result: 'pass', detail: 'x'.repeat(80) })),
    claims: Object.entries(claims).map(([name, value]) => ({ name, type: typeof value, value })),
    operations: [],
    changes: [],
    warnings: [],
    heldRemovals: [],
    answer: {},
    issuedAt: now,
    expiresAt: new Date(now.getTime() + 86_400_000),
  }
}

async function call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${api}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${text}`)
  return JSON.parse(text) as Record<string, unknown>
}

/** The most memory that the process has had so far, in MiB; Linux only. */
async function peak(): Promise<number> {
  const status = await readFile(`/proc/${usher.pid}/status`, 'utf8')
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024)
}

async function until(holds: () => Promise<boolean>, interval = 200): Promise<void> {
  while (!(await holds())) await delay(interval)
}
