import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import mongoose from 'mongoose'
import { buildHouse, type House } from '../blackbox/house.ts'
import { jobEnd } from '../blackbox/jobs.ts'
import { adminToken, group, startUsher, type Usher, user } from '../blackbox/usher.ts'
import { testDatabase } from '../database.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { temporaryFolder } from './usher-process.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

/** Copies a database into another one, by two addresses. What is written meanwhile is not in the copy. */
type Backup = (from: string, take: () => Promise<void>, to: string) => Promise<void>

/** Every collection as it was at one moment, by the driver. */
const bySnapshot: Backup = async (from, take, to) => {
  const client = new mongoose.mongo.MongoClient(from)
  const session = client.startSession({ snapshot: true })
  try {
    const database = client.db()
    const names = (await database.listCollections().toArray()).map(({ name }) => name)
    const dump = new Map<string, readonly mongoose.mongo.Document[]>()
    for (const name of names) {
      dump.set(name, await database.collection(name).find({}, { session }).toArray())
      await take()
    }
    const target = client.db(new URL(to).pathname.slice(1))
    for (const [name, documents] of dump) {
      if (documents.length > 0) await target.collection(name).insertMany([...documents])
    }
  } finally {
    await session.endSession()
    await client.close()
  }
}

/** By MongoDB's own tools. */
const byTools: Backup = async (from, take, to) => {
  const archive = join(temporaryFolder(), 'archive')
  const [source, target] = [from, to].map((address) => new URL(address).pathname.slice(1))
  runTool('mongodump', [`--uri=${from}`, `--archive=${archive}`])
  await take()
  const names = [`--nsFrom=${source}.*`, `--nsTo=${target}.*`, `--nsInclude=${source}.*`]
  runTool('mongorestore', [`--uri=${serverOf(to)}`, `--archive=${archive}`, ...names])
}

function runTool(name: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(name, args, { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
}

function serverOf(address: string): string {
  const url = new URL(address)
  url.pathname = '/'
  return url.href
}

const hasTools = ['mongodump', 'mongorestore'].every((tool) => spawnSync(tool, ['--version']).status === 0)

const backups: Readonly<Record<string, readonly [Backup, string | false]>> = {
  'of one moment, read by the driver': [bySnapshot, false],
  'by mongodump': [byTools, hasTools ? false : 'mongodump and mongorestore are not on the path'],
}

/** The house with everything that is checked of the restored one. */
async function furnish(): Promise<{ readonly house: House; readonly people: readonly string[]; readonly seq: string }> {
  const house = await buildHouse(usher, provider)
  const { scim, organization } = house
  const people: string[] = []
  for (const name of ['ann', 'bob']) {
    people.push((await scim.must('POST', '/Users', user(house.email(name), { externalId: `x-${name}` }))).id)
  }
  await scim.must('POST', '/Groups', group('Team', { members: people.map((value) => ({ value })) }))
  assert.equal((await house.connection.login(house.person('zoe'))).body.outcome, 'created')
  const { items } = await organization.admin('GET', '/changes')
  return { house, people, seq: String(items.length) }
}

function callAt(restored: Usher, { organization, scim }: House) {
  const { slug } = organization
  return {
    scim: (method: string, path: string, body?: unknown) =>
      restored.call(method, `/scim/v2/${slug}${path}`, { token: scim.token, body }),
    admin: (method: string, path: string, body?: unknown) =>
      restored.call(method, `/api/v1/organizations/${slug}${path}`, { token: adminToken, body }),
  }
}

describe('a database that was restored from a backup', () => {
  for (const [name, [backup, skip]] of Object.entries(backups)) {
    it(`row 136 ${name}: everything holds, SCIM and logins go on, a cursor of the future is 400`, {
      skip,
    }, async () => {
      const { house, people, seq } = await furnish()
      const to = testDatabase()
      let late = 0
      await backup(
        usher.home.database,
        async () => {
          late += 1
          await house.scim.must('POST', '/Users', user(house.email(`late-${late}`)))
        },
        to,
      )
      const { items } = await house.organization.admin('GET', '/changes?limit=200')
      assert.equal(items.length, Number(seq) + late)
      const restored = await startUsher({}, { ...usher.home, database: to })
      const { scim, admin } = callAt(restored, house)

      const { job } = (await admin('POST', '/verification')).body
      const { result } = await jobEnd(restored, job)
      assert.deepEqual(result.violations, [])
      assert.equal(result.feed.seq, Number(seq))

      const ann = await scim('GET', `/Users/${people[0]}`)
      assert.deepEqual([ann.status, ann.body.groups[0].display], [200, 'Team'])
      const late1 = encodeURIComponent(`userName eq "${house.email('late-1')}"`)
      assert.equal((await scim('GET', `/Users?filter=${late1}`)).body.totalResults, 0)
      assert.equal((await scim('POST', '/Users', user(house.email('late-1')))).status, 201)
      const idToken = await house.connection.token(house.person('zoe'))
      const login = await admin('POST', `/connections/${house.connection.id}/logins`, { idToken })
      assert.deepEqual([login.status, login.body.outcome], [200, 'unchanged'])

      const future = await admin('GET', `/changes?cursor=${items.length}`)
      assert.deepEqual([future.status, future.body.code], [400, 'invalid_cursor'])
      const end = await admin('GET', `/changes?cursor=${seq}`)
      assert.deepEqual([end.status, end.body.items.length], [200, 1])
    })
  }
})
