import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import mongoose from 'mongoose'
import { searchFormVersion } from '../../src/directory/compose.ts'
import { rekeying } from '../../src/directory/rekey.ts'
import { createLogger } from '../../src/http/log.ts'
import { loadRegistry } from '../../src/schema/documents.ts'
import type { Migration } from '../../src/store/migrations/migration.ts'
import { lookAgain, type MigrationRun, migrate, pendingMigrations } from '../../src/store/migrations/run.ts'
import { NewerSchemaError } from '../../src/store/schema-version.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { group, type Organization, patchOp, type ScimClient, startUsher, type Usher, user } from '../blackbox/usher.ts'
import { CrashingStore } from './crashing-store.ts'
import { temporaryFolder, UsherProcess } from './usher-process.ts'

const registry = loadRegistry(undefined)
const minute = 60_000
const people = ['Ann', 'Bob', 'Cleo']
/** Where the server can be made to stand still while it builds an index. */
const buildFailpoint = 'hangIndexBuildDuringCollectionScanPhaseBeforeInsertion'

/** A database with a few people and a group, which may be made older than this release. */
class Installation {
  readonly usher: Usher
  readonly organization: Organization
  readonly scim: ScimClient

  private constructor(usher: Usher, organization: Organization, scim: ScimClient) {
    this.usher = usher
    this.organization = organization
    this.scim = scim
  }

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<Installation> {
    const usher = await startUsher(environment)
    const organization = await usher.organization()
    const installation = new Installation(usher, organization, await organization.scimClient())
    const ids: string[] = []
    for (const name of people) {
      const { id } = await installation.scim.must('POST', '/Users', user(name, { displayName: `${name} of the House` }))
      ids.push(id)
    }
    await installation.scim.must('POST', '/Groups', group('Team', { members: ids.map((value) => ({ value })) }))
    await organization.admin('GET', '/changes')
    return installation
  }

  /** As an earlier release would have left it: what is compared is another text. */
  async age(): Promise<void> {
    const { users, groups, migrations } = this.usher.store
    const fields = { form: searchFormVersion - 1, 'search.displayName': { $concat: ['as it was of ', '$_id'] } }
    const old = [{ $set: { ...fields, keys: [{ $concat: ['Old|key|', '$_id'] }] } }]
    await users.everywhere.updateMany({}, old)
    await groups.everywhere.updateMany({}, old)
    await migrations.deleteMany({ _id: 'comparison-form' })
  }

  async find(displayName: string): Promise<readonly string[]> {
    const filter = encodeURIComponent(`displayName eq "${displayName}"`)
    const { Resources = [] } = await this.scim.must('GET', `/Users?filter=${filter}`)
    return Resources.map(({ userName }: { userName: string }) => userName)
  }

  /** Everything that is stored, as text, but for what Usher notes now and then while nobody asks. */
  async dump(): Promise<string> {
    const client = new mongoose.mongo.MongoClient(this.usher.home.database)
    try {
      const collections = await client.db().listCollections().toArray()
      const names = collections.map(({ name }) => name).filter((name) => !['requestCounts', 'leases'].includes(name))
      const contents = names.sort().map(async (name) => [name, await client.db().collection(name).find().toArray()])
      return JSON.stringify(await Promise.all(contents))
    } finally {
      await client.close()
    }
  }

  /** What anybody sees of users and groups, with their versions and the records of their changes. */
  async shown(): Promise<unknown> {
    const users = await this.scim.must('GET', '/Users?sortBy=userName')
    const groups = await this.scim.must('GET', '/Groups')
    return [users.Resources, groups.Resources, (await this.organization.admin('GET', '/changes')).items]
  }
}

const installation = await Installation.start()
const { usher } = installation
const another = await openStore({ uri: usher.home.database })
after(() => another.close())

/** A run with a log of its own. */
function runOf(store: Store, more: Partial<MigrationRun> = {}): MigrationRun & { readonly lines: readonly string[] } {
  const lines: string[] = []
  const log = createLogger('info', { write: (line) => lines.push(JSON.parse(line).msg) })
  return { store, migrations: [rekeying({ store, registry })], log, now: () => new Date(), lines, ...more }
}

/** The same migration with something done in front of each step. */
function before(migration: Migration, act: (place: string | null) => Promise<void>): Migration {
  return {
    ...migration,
    step: async (place, writes) => {
      await act(place)
      return migration.step(place, writes)
    },
  }
}

describe('migrations', () => {
  it('row 136 bring what an earlier form has left into the present one, seen by nobody, once', async () => {
    const shown = await installation.shown()
    await installation.age()
    assert.deepEqual(await installation.find('ANN of the house'), [])
    const run = runOf(usher.store)
    const [report] = await migrate(run)
    assert.deepEqual([report?.changed, report?.refusals], [{ users: 3, groups: 1 }, 0])
    assert.deepEqual(await installation.find('ANN of the house'), ['Ann'])
    assert.deepEqual(await installation.shown(), shown)
    assert.deepEqual(await pendingMigrations(run), [])
    assert.deepEqual(await migrate(run), [])
  })

  it('row 136 two processes that start the same migration: one does it, the other waits and says so', async () => {
    await installation.age()
    const waits = Promise.withResolvers<void>()
    let steps = 0
    const [first, second] = [usher.store, another].map((store) => {
      const run = runOf(store)
      const info = run.log.info
      const log = {
        ...run.log,
        info: (message: string) => {
          if (message.includes('Waiting')) waits.resolve()
          info(message)
        },
      }
      const gated = before(rekeying({ store, registry }), async () => {
        steps += 1
        await waits.promise
      })
      return { ...run, log, migrations: [gated] }
    })
    const reports = await Promise.all([migrate(first!), migrate(second!)])
    assert.deepEqual(reports.map(({ length }) => length).sort(), [0, 1])
    assert.equal(steps, 3, 'one step for each collection')
    const idle = reports[0]!.length === 0 ? first! : second!
    assert.deepEqual(idle.lines, ['Migration comparison-form: another process is at it. Waiting.'])
    assert.deepEqual(await installation.find('Bob of the House'), ['Bob'])
  })

  it('row 136 a process that dies at any call of the store is gone on with by the next one', async () => {
    const crashing = new CrashingStore(another)
    const shown = await installation.shown()
    let resumed = 0
    for (const moment of ['before', 'after'] as const) {
      for (let n = 1, died = true; died; n += 1) {
        await installation.age()
        crashing.crashAt(n, moment)
        await migrate(runOf(another)).catch(() => undefined)
        died = crashing.restart()
        // The lease of the dead process runs out.
        const next = runOf(another, { now: () => new Date(Date.now() + minute) })
        await migrate(next)
        if (next.lines.some((line) => line.includes('goes on'))) resumed += 1
        assert.equal(await another.users.everywhere.count({ form: { $ne: searchFormVersion } }), 0)
        assert.equal(await another.groups.everywhere.count({ form: { $ne: searchFormVersion } }), 0)
        await another.leases.deleteMany({})
      }
    }
    assert.ok(resumed > 2, `${resumed}`)
    assert.deepEqual(await installation.shown(), shown)
  })

  it('a write at the same moment wins', async () => {
    await installation.age()
    const [ann] = (await installation.scim.must('GET', '/Users?filter=userName%20eq%20%22ann%22')).Resources
    const { everywhere } = usher.store.users
    const bulkWrite = everywhere.bulkWrite.bind(everywhere)
    const change = patchOp({ op: 'replace', path: 'displayName', value: 'Changed' })
    everywhere.bulkWrite = async (...input) => {
      everywhere.bulkWrite = bulkWrite
      await installation.scim.must('PATCH', `/Users/${ann.id}`, change)
      return bulkWrite(...input)
    }
    const [report] = await migrate(runOf(usher.store))
    assert.equal(report?.refusals, 0)
    assert.deepEqual(await installation.find('changed'), ['Ann'])
    assert.deepEqual(await installation.find('Cleo of the House'), ['Cleo'])
    await installation.scim.must(
      'PATCH',
      `/Users/${ann.id}`,
      patchOp({ ...change.Operations[0], value: 'Ann of the House' }),
    )
  })

  it('look again after an hour for what processes of the earlier release have written meanwhile, and then no more', async () => {
    await installation.age()
    await migrate(runOf(usher.store))
    const [note] = await usher.store.migrations.find({ _id: 'comparison-form' })
    await installation.age()
    await usher.store.migrations.put('comparison-form', note!)
    await lookAgain(runOf(usher.store, { now: () => new Date(Date.now() + 59 * minute) }))
    assert.deepEqual(await installation.find('Ann of the House'), [])
    await lookAgain(runOf(usher.store, { now: () => new Date(Date.now() + 61 * minute) }))
    assert.deepEqual(await installation.find('Ann of the House'), ['Ann'])
    assert.equal((await usher.store.migrations.findOne({ _id: 'comparison-form' }))?.again, undefined)
  })

  it('are refused by a release that is older than what was done', async () => {
    const [migration] = runOf(usher.store).migrations
    const older = { ...migration!, version: migration!.version - 1 }
    await assert.rejects(migrate(runOf(usher.store, { migrations: [older] })), NewerSchemaError)
  })
})

describe('a process', () => {
  it('row 136 answers 503 with `migrations` missing until the migration is done, then serves', async () => {
    await installation.age()
    const lease = 'migration:comparison-form'
    await usher.store.leases.insertOne({ _id: lease, owner: 'another', until: new Date(Date.now() + 60 * minute) })
    const settings = { MONGODB_URI: usher.home.database, USHER_DATA_DIR: usher.home.dataDir, USHER_LOG_LEVEL: 'info' }
    const [process, ended] = await Promise.all([UsherProcess.start(settings), UsherProcess.start(settings)])
    await Promise.all([process.until(503), ended.until(503)])
    ended.kill('SIGTERM')
    assert.equal(await ended.ended, 0, ended.output)
    // A database that has not answered at once is missing before.
    let missing: readonly string[] = []
    for (const begin = performance.now(); missing[0] !== 'migrations'; await delay(50)) {
      assert.ok(performance.now() - begin < 60_000, `missing: ${missing}`)
      missing = (await process.call('GET', '/readyz')).body.missing
    }
    assert.deepEqual(missing, ['migrations'])
    assert.equal((await fetch(`${process.url}/livez`)).status, 200)
    const asked = await process.call('GET', `/scim/v2/${installation.organization.slug}/Users`)
    assert.deepEqual([asked.status, asked.headers.get('retry-after')], [503, '5'])
    await usher.store.leases.deleteOne({ _id: lease })
    await process.until(200)
    assert.match(process.output, /another process is at it\. Waiting\./)
    assert.match(
      process.output,
      /Migration comparison-form: done\. Of 4 documents it changed 3 in users, 1 in groups\./,
    )
    assert.deepEqual(await installation.find('Ann of the House'), ['Ann'])
    process.kill('SIGTERM')
    assert.equal(await process.ended, 0)
  })

  it('row 133 row 136 lives and is not ready while an index is built, whoever builds it, and serves when it is there', async (t) => {
    const client = new mongoose.mongo.MongoClient(usher.home.database)
    const failpoint = (mode: string, data?: object) =>
      client.db('admin').command({ configureFailPoint: buildFailpoint, mode, ...(data && { data }) })
    t.after(async () => {
      await failpoint('off')
      await client.close()
    })
    const [ann] = await client.db().collection('users').find().limit(1).toArray()
    // The server stands still at this document, of builds that meet it.
    await failpoint('alwaysOn', { fieldsToMatch: { _id: ann?._id } })
    const index = 'org_1_search.userName_1'
    await client.db().collection('users').dropIndex(index)

    const settings = { MONGODB_URI: usher.home.database, USHER_DATA_DIR: usher.home.dataDir }
    const [first, second] = await Promise.all([UsherProcess.start(settings), UsherProcess.start(settings)])
    const missing = async (process: UsherProcess) => (await process.call('GET', '/readyz')).body.missing
    for (const process of [first, second]) {
      await process.until(503)
      const begin = performance.now()
      while (!(await missing(process)).includes(`an index is being built: users.${index}`)) {
        assert.ok(performance.now() - begin < 60_000, process.output)
        await delay(50)
      }
      assert.equal((await fetch(`${process.url}/livez`)).status, 200)
      const asked = await process.call('GET', `/scim/v2/${installation.organization.slug}/Users`)
      assert.deepEqual([asked.status, asked.headers.get('retry-after')], [503, '5'])
    }
    first.kill('SIGTERM')
    assert.equal(await first.ended, 0, first.output)
    assert.equal(await second.readiness(), 503)
    await failpoint('off')
    await second.until(200)
    assert.deepEqual(await another.missingIndexes(), [])
    second.kill('SIGTERM')
    assert.equal(await second.ended, 0)
  })

  it('`usher migrate --dry-run` tells what would be done and writes nothing, `usher migrate` does it', async () => {
    await installation.age()
    // What was changed before has its number in the feed, so that it does not get one meanwhile.
    await usher.app.background.wake('feeds')
    const stored = await installation.dump()
    const rehearsed = await runMigrate('--dry-run')
    assert.match(rehearsed.out, /looked at 4 documents, would change 3 in users, 1 in groups\.\nNothing was written\./)
    assert.equal(await installation.dump(), stored)
    assert.match((await runMigrate()).out, /looked at 4 documents, changed 3 in users, 1 in groups\./)
    assert.deepEqual(await installation.find('Ann of the House'), ['Ann'])
    const wrong = await runMigrate('--backwards')
    assert.equal(wrong.code, 2)
    assert.match(wrong.err, /--backwards/)
  })
})

describe('schema documents that have changed', () => {
  it('key what is stored anew; a value that has become unique and is not is named, and nothing else suffers', async () => {
    const [before, after] = [temporaryFolder(), temporaryFolder()]
    const fixtures = join(import.meta.dirname, '../fixtures/user-schemas')
    for (const folder of [before, after]) cpSync(fixtures, folder, { recursive: true })
    describeBadge(before, { uniqueness: 'none', caseExact: true })
    describeBadge(after, { uniqueness: 'server', caseExact: false })
    const staff = await Installation.start({ USHER_SCHEMAS_DIR: before })
    const { scim } = staff
    const { store } = staff.usher
    const badge = (value: string) => ({ [staffUrn]: { badge: value } })
    for (const [name, value] of Object.entries({ dan: 'A-1', eve: 'a-1', fay: 'B-2' })) {
      await scim.must('POST', '/Users', user(name, badge(value)))
    }
    const migrations = (folder: string | undefined) => [rekeying({ store, registry: loadRegistry(folder) })]
    await migrate(runOf(store, { migrations: migrations(before) }))
    assert.deepEqual(await pendingMigrations({ store, migrations: migrations(before) }), [])

    const run = runOf(store, { migrations: migrations(after) })
    const [report] = await migrate(run)
    assert.equal(report?.changed.users, 5)
    assert.equal(report?.refusals, 1)
    const { reason, kind } = report!.refused[0]!
    assert.equal(kind, 'user')
    assert.match(reason, /^its urn:[\w:.]+:badge is the same as that of [0-9a-f-]{36}$/)
    assert.equal(run.lines.filter((line) => line.includes('stays as it is')).length, 1)

    const renewed = await startUsher({ USHER_SCHEMAS_DIR: after }, staff.usher.home)
    const ask = (method: string, path: string, body?: unknown) =>
      renewed.call(method, `/scim/v2/${staff.organization.slug}${path}`, { token: scim.token, body })
    const filter = encodeURIComponent(`${staffUrn}:badge eq "b-2"`)
    assert.equal((await ask('GET', `/Users?filter=${filter}`)).body.totalResults, 1)
    assert.equal((await ask('POST', '/Users', user('gus', badge('b-2')))).status, 409)
    const [eve] = (await ask('GET', '/Users?filter=userName%20eq%20%22eve%22')).body.Resources
    assert.equal((await ask('PUT', `/Users/${eve.id}`, user('eve', badge('C-3')))).status, 200)
    const [dan] = await store.users.everywhere.find({ 'search.userName': 'dan' })
    await lookAgain(runOf(store, { migrations: migrations(after), now: () => new Date(Date.now() + 61 * minute) }))
    assert.equal((await store.users.everywhere.findOne({ _id: dan!._id }))?.keys?.length, 1)
  })
})

const staffUrn = 'urn:example:scim:schemas:extension:staff:2.0:User'

/** Sets how the values of the badge are compared. */
function describeBadge(folder: string, traits: Readonly<Record<string, unknown>>): void {
  const file = join(folder, 'staff-extension.schema.json')
  const schema = JSON.parse(readFileSync(file, 'utf8'))
  const badge = {
    name: 'badge',
    type: 'string',
    multiValued: false,
    description: 'A badge',
    required: false,
    mutability: 'readWrite',
    returned: 'default',
    ...traits,
  }
  const rest = schema.attributes.filter(({ name }: { name: string }) => name !== 'badge')
  writeFileSync(file, JSON.stringify({ ...schema, id: staffUrn, attributes: [...rest, badge] }))
  const typeFile = join(folder, 'user.resource-type.json')
  const type = JSON.parse(readFileSync(typeFile, 'utf8'))
  writeFileSync(typeFile, JSON.stringify({ ...type, schemaExtensions: [{ schema: staffUrn, required: false }] }))
}

async function runMigrate(...args: readonly string[]) {
  const program = join(import.meta.dirname, '../../bin/usher.mjs')
  const env = {
    PATH: process.env.PATH,
    ...(process.env.NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
    NODE_ENV: 'test',
    MONGODB_URI: usher.home.database,
    USHER_DATA_DIR: usher.home.dataDir,
    USHER_LOG_LEVEL: 'silent',
  }
  const child = spawn(process.execPath, [program, 'migrate', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { out, err, code: code as number }
}
