/** A replica set of several members, each a `mongod` of its own, which a test may disturb. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { mongo } from 'mongoose'
import { findMongod, type Mongod } from '../../src/store/embedded/binary.ts'
import { address, launch } from '../../src/store/embedded/launch.ts'
import { isRunning } from '../../src/store/embedded/processes.ts'
import { replicaSetName } from '../../src/store/embedded/replica-set.ts'

interface Member {
  readonly host: string
  readonly port: number
  readonly dbPath: string
  pid: number
}

/** Milliseconds without a word of the primary after which the others elect another one: by default it is ten seconds. */
const electionTimeoutMillis = 3_000
const patience = 60_000

export class ReplicaSet {
  /** Names all members, with the database `usher`. */
  readonly uri: string
  readonly #mongod: Mongod
  readonly #folder: string
  readonly #members: readonly Member[]
  readonly #client: mongo.MongoClient

  private constructor(mongod: Mongod, folder: string, members: readonly Member[]) {
    this.#mongod = mongod
    this.#folder = folder
    this.#members = members
    this.uri = `mongodb://${members.map(({ host }) => host).join()}/usher?replicaSet=${replicaSetName}`
    this.#client = new mongo.MongoClient(this.uri, { heartbeatFrequencyMS: 1_000, serverMonitoringMode: 'poll' })
  }

  static async start(size: number): Promise<ReplicaSet> {
    const mongod = await findMongod({ binary: process.env.USHER_MONGOD, onProgress: () => undefined })
    const folder = mkdtempSync(join(tmpdir(), 'usher-replica-set-'))
    const members: Member[] = []
    for (let index = 0; index < size; index += 1) {
      const dbPath = mkdtempSync(join(folder, 'member-'))
      const { port, instance } = await launch(mongod, dbPath, { before: {}, testCommands: false })
      members.push({ host: `${address}:${port}`, port, dbPath, pid: instance.mongodProcess?.pid ?? 0 })
    }
    const set = new ReplicaSet(mongod, folder, members)
    await set.#found()
    await set.untilWhole()
    return set
  }

  /** The primary gives up its office, as before maintenance; gives when another one has it. */
  async stepDown(): Promise<void> {
    const before = await this.#primary()
    for (const begin = performance.now(); (await this.#primary()) === before; await delay(200)) {
      if (performance.now() - begin > patience) throw new Error('the primary does not step down')
      // It may be that nobody has caught up yet, or that the connection ends with the office.
      await this.#ask({ replSetStepDown: 15, secondaryCatchUpPeriodSecs: 5 }).catch(() => undefined)
    }
  }

  /** Kills the process of the primary as a power failure does. Gives what starts it again. */
  async killPrimary(): Promise<() => Promise<void>> {
    const member = await this.#primary()
    await kill(member.pid)
    return async () => {
      const before = { port: member.port }
      const { port, instance } = await launch(this.#mongod, member.dbPath, { before, testCommands: false })
      if (port !== member.port) throw new Error(`the port ${member.port} has been taken`)
      member.pid = instance.mongodProcess?.pid ?? 0
    }
  }

  /** The primary stands still: its connections stay open, and nobody answers. Gives what lets it go on. */
  async freezePrimary(): Promise<() => void> {
    const { pid } = await this.#primary()
    process.kill(pid, 'SIGSTOP')
    return () => process.kill(pid, 'SIGCONT')
  }

  /** Waits until there is a primary, and all the others follow it. */
  async untilWhole(): Promise<void> {
    for (const begin = performance.now(); ; await delay(100)) {
      const status = await this.#ask({ replSetGetStatus: 1 }).catch(() => null)
      const states: string[] = status?.members.map(({ stateStr }: { readonly stateStr: string }) => stateStr) ?? []
      const followers = states.filter((state) => state === 'SECONDARY').length
      if (states.includes('PRIMARY') && followers === this.#members.length - 1) return
      if (performance.now() - begin > patience) throw new Error(`the members are ${states.join()}`)
    }
  }

  async stop(): Promise<void> {
    await this.#client.close()
    await Promise.all(this.#members.map(({ pid }) => kill(pid)))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** The hosts are explicit: a member that is left to guess its name may never find itself. */
  async #found(): Promise<void> {
    const [first] = this.#members
    const client = new mongo.MongoClient(`mongodb://${first?.host}/?directConnection=true`)
    try {
      const members = this.#members.map(({ host }, _id) => ({ _id, host }))
      const config = { _id: replicaSetName, members, settings: { electionTimeoutMillis } }
      await client.db('admin').command({ replSetInitiate: config })
    } finally {
      await client.close()
    }
  }

  async #primary(): Promise<Member> {
    for (const begin = performance.now(); ; await delay(100)) {
      const hello = await this.#ask({ hello: 1 }).catch(() => null)
      const member = this.#members.find(({ host }) => host === hello?.me)
      if (hello?.isWritablePrimary === true && member !== undefined) return member
      if (performance.now() - begin > patience) throw new Error('there is no primary')
    }
  }

  #ask(command: mongo.Document): Promise<mongo.Document> {
    return this.#client.db('admin').command(command)
  }
}

async function kill(pid: number): Promise<void> {
  if (!isRunning(pid)) return
  process.kill(pid, 'SIGKILL')
  while (isRunning(pid)) await delay(20)
}
