import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { mongo } from 'mongoose'
import { findMongod } from '../../src/store/embedded/binary.ts'
import { EmbeddedDatabaseError } from '../../src/store/embedded/problem.ts'
import { isRunning } from '../../src/store/embedded/processes.ts'
import { type EmbeddedServer, startEmbedded } from '../../src/store/embedded/server.ts'

const keeper = join(import.meta.dirname, 'keeper.ts')

function start(dataDir: string): Promise<EmbeddedServer> {
  return startEmbedded({ dataDir, binary: process.env.USHER_MONGOD, onProgress: () => {} })
}

async function withClient<T>(uri: string, use: (db: mongo.Db) => Promise<T>): Promise<T> {
  const client = new mongo.MongoClient(uri)
  try {
    return await use(client.db())
  } finally {
    await client.close()
  }
}

const mongodOf = (dataDir: string) => Number(readFileSync(join(dataDir, 'mongodb/mongod.lock'), 'utf8'))

/** Another process with an embedded database; it ends in good order at SIGTERM. */
async function startKeeper(dataDir: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [keeper, dataDir], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  await once(child.stdout, 'data')
  return child
}

async function untilEnded(pid: number): Promise<void> {
  for (const begin = performance.now(); isRunning(pid); await delay(50)) {
    assert.ok(performance.now() - begin < 60_000, `process ${pid} is still running`)
  }
}

describe('the embedded database', () => {
  let dataDir: string

  before(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'usher-embedded-'))
  })
  after(() => rmSync(dataDir, { recursive: true, force: true }))

  it('is a replica set with transactions, and keeps its data and its port from one start to the next', async () => {
    const first = await start(dataDir)
    await withClient(first.uri, async (db) => {
      await db.createCollection('kept')
      await db.client.withSession((session) =>
        session.withTransaction(async () => {
          await db.collection('kept').insertOne({ name: 'a' }, { session })
        }),
      )
    })
    await first.stop()
    const second = await start(dataDir)
    try {
      assert.equal(second.uri, first.uri)
      assert.equal(await withClient(second.uri, (db) => db.collection('kept').countDocuments()), 1)
    } finally {
      await second.stop()
    }
  })

  it('is ready on existing data without waiting for an election', async () => {
    // A machine with much to do may take long for a start or two; who waits for an election takes five seconds each time.
    const times: number[] = []
    while (times.length < 5 && !times.some((took) => took < 4_500)) {
      const begin = performance.now()
      const server = await start(dataDir)
      times.push(performance.now() - begin)
      await server.stop()
    }
    assert.ok(Math.min(...times) < 4_500, `${times} ms`)
  })

  it('moves to another port when its own is taken, and still becomes the primary', async () => {
    const { port } = JSON.parse(readFileSync(join(dataDir, 'mongodb.json'), 'utf8'))
    const squatter = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1')
    await once(squatter, 'listening')
    try {
      const server = await start(dataDir)
      try {
        assert.ok(!server.uri.includes(`:${port}/`))
        assert.equal(await withClient(server.uri, (db) => db.collection('kept').countDocuments()), 1)
      } finally {
        await server.stop()
      }
    } finally {
      squatter.close()
    }
  })

  it('refuses a data directory that another process is using, and names the process', async () => {
    const other = await startKeeper(dataDir)
    await assert.rejects(start(dataDir), (error) => {
      assert.ok(error instanceof EmbeddedDatabaseError)
      assert.ok(error.message.includes(`is in use by process ${other.pid}`), error.message)
      return true
    })
    other.kill('SIGTERM')
    await once(other, 'exit')
  })

  it('ends with its process, at a signal to the whole group as well, and leaves nothing behind', async () => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      const other = await startKeeper(dataDir)
      const mongod = mongodOf(dataDir)
      process.kill(-(other.pid ?? 0), name)
      const [code] = await once(other, 'exit')
      assert.equal(code, 0)
      assert.ok(!isRunning(mongod))
    }
  })

  it('of a killed process is ended and its data directory taken over', async () => {
    const other = await startKeeper(dataDir)
    const mongod = mongodOf(dataDir)
    other.kill('SIGKILL')
    await once(other, 'exit')
    const server = await start(dataDir)
    try {
      assert.ok(!isRunning(mongod))
      assert.equal(await withClient(server.uri, (db) => db.collection('kept').countDocuments()), 1)
    } finally {
      await server.stop()
    }
  })

  it('ends soon after its process was killed, even if nobody starts again', async () => {
    const other = await startKeeper(dataDir)
    const mongod = mongodOf(dataDir)
    other.kill('SIGKILL')
    await untilEnded(mongod)
  })

  it('row 132 that ends by itself and cannot be started again at once is started when it can be', async () => {
    // A binary that can be taken away stands for whatever keeps a server from starting, such as a full disk.
    const { path } = await findMongod({ binary: process.env.USHER_MONGOD, onProgress: () => {} })
    const binary = join(dataDir, 'mongod')
    symlinkSync(path, binary)
    const lines: string[] = []
    const server = await startEmbedded({ dataDir, binary, onProgress: (line) => lines.push(line) })
    try {
      const killed = mongodOf(dataDir)
      rmSync(binary)
      process.kill(killed, 'SIGKILL')
      const cannot = /cannot be started again/
      for (const begin = performance.now(); !lines.some((line) => cannot.test(line)); await delay(20)) {
        assert.ok(performance.now() - begin < 60_000, lines.join('\n'))
      }
      symlinkSync(path, binary)
      assert.equal(await withClient(server.uri, (db) => db.collection('kept').countDocuments()), 1)
      assert.notEqual(mongodOf(dataDir), killed)
      assert.equal(lines.filter((line) => cannot.test(line)).length, 1, lines.join('\n'))
    } finally {
      await server.stop()
    }
  })

  it('says what is wrong with a binary that cannot be used', async () => {
    const attempt = startEmbedded({ dataDir, binary: process.execPath, onProgress: () => {} })
    await assert.rejects(attempt, /^EmbeddedDatabaseError: USHER_MONGOD names .* which cannot be used: it does not say/)
  })
})
