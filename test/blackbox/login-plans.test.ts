import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { mongo } from 'mongoose'
import { testDatabase } from '../database.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse } from './house.ts'
import { group, startUsher, user } from './usher.ts'

const address = testDatabase()
const usher = await startUsher({ MONGODB_URI: address })
const provider = await TestProvider.start()
const client = await mongo.MongoClient.connect(address)
after(async () => {
  await provider.close()
  await client.close()
})

/** What a login reads and writes. */
const collections = [
  'users',
  'groups',
  'memberships',
  'identities',
  'pastLinks',
  'tombstones',
  'invitations',
  'inbox',
  'decisions',
]
const size = 120
/** A login examines its own person, groups and links. */
const few = 12
/** People who sign in at the same moment: what they need may be asked for together. */
const several = [5, 6, 7, 8, 9]

interface ProfiledCall {
  readonly ns: string
  readonly command: unknown
  readonly planSummary?: string
  readonly docsExamined?: number
}

/** What the server did for it, as its profiler says. */
async function callsOf(work: () => Promise<unknown>): Promise<readonly ProfiledCall[]> {
  const database = client.db()
  await database.command({ profile: 2 })
  await work()
  await database.command({ profile: 0 })
  const names = collections.map((name) => `${database.databaseName}.${name}`)
  const calls = await database
    .collection<ProfiledCall>('system.profile')
    .find({ ns: { $in: names } })
    .toArray()
  await database.dropCollection('system.profile')
  return calls
}

describe('the calls of a login', () => {
  it('R286 a first, a returning and a refused login find what they need by an index, in whatever a directory', async () => {
    const house = await buildHouse(usher, provider)
    await house.scim.must('POST', '/Groups', group('Team'))
    await house.scim.must('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: Array.from({ length: size }, (_, at) => ({
        method: 'POST',
        path: '/Users',
        bulkId: `b${at}`,
        data: user(house.email(`user-${at}`), { externalId: `x-${at}` }),
      })),
    })
    await house.connection.jit({ groups: { mode: 'sync', allow: ['Team'] } })
    for (let at = 0; at < few * 2; at += 1)
      await house.connection.login(house.person(`known-${at}`, { groups: ['Team'] }))
    const logins = {
      'several at once': () =>
        Promise.all(several.map((at) => house.connection.login(house.person(`known-${at}`, { groups: ['Team'] })))),
      'a first one': () => house.connection.login(house.person('new', { groups: ['Team'] })),
      'one that matches': () => house.connection.login(house.person('user-7')),
      'a returning one': () => house.connection.login(house.person('known-3', { groups: ['Team'] })),
      'one that leaves a group': () => house.connection.login(house.person('known-4', { groups: [] })),
      'a refused one': () => house.connection.login(house.person('user-9', { email: 'user-9@elsewhere.example' })),
    }
    for (const [name, login] of Object.entries(logins)) {
      const calls = await callsOf(login)
      assert.ok(calls.length > 2, name)
      const most = name === 'several at once' ? several.length * few : few
      for (const { ns, command, planSummary = '', docsExamined = 0 } of calls) {
        const shown = `${name}: ${ns} ${planSummary}, ${docsExamined} examined: ${JSON.stringify(command)}`
        assert.doesNotMatch(planSummary, /COLLSCAN/, shown)
        assert.ok(docsExamined <= most, shown)
      }
    }
  })
})
