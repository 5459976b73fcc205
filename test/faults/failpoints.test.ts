import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { bulk, postUser, statusesOf } from '../blackbox/bulking.ts'
import { buildHouse, type House } from '../blackbox/house.ts'
import { assertInvariants } from '../blackbox/invariants.ts'
import { type Answer, group, patchOp, startUsher, type Usher, user } from '../blackbox/usher.ts'
import { testDatabase } from '../database.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { type CommandFault, Failpoint } from './failpoint.ts'
import { TcpProxy } from './proxy.ts'

const usher = await startUsher()
const failpoint = new Failpoint(usher.home.database, usher.appName)
const database = testDatabase()
const proxy = await TcpProxy.start(database)
/** An Usher whose connections can be cut. */
const distant = await startUsher({ MONGODB_URI: proxy.through(database) })
const provider = await TestProvider.start()
after(async () => {
  await provider.close()
  await proxy.close()
})

interface Stage {
  readonly house: House
  /** A user that is there, and a group. */
  readonly user: string
  readonly group: string
}

async function setStage(where: Usher = usher): Promise<Stage> {
  const house = await buildHouse(where, provider)
  const { id } = await house.scim.must('POST', '/Users', user(house.email('there'), { externalId: 'there-subject' }))
  const team = await house.scim.must('POST', '/Groups', group('Team'))
  await house.connection.jit({
    groups: { mode: 'sync', claim: 'groups', mapping: [{ value: 'team', group: team.id }] },
  })
  return { house, user: id, group: team.id }
}

/** What can be asked, and what it is answered with when nothing is wrong. */
const requests: Readonly<
  Record<string, (stage: Stage) => { readonly ask: () => Promise<Answer>; readonly well: number }>
> = {
  'a first login': ({ house }) => {
    const token = house.connection.token(house.person('new', { groups: ['team'] }))
    return { well: 200, ask: async () => login(house, await token) }
  },
  'the first link of a user': ({ house }) => {
    const token = house.connection.token(house.person('there', { groups: ['team'] }))
    return { well: 200, ask: async () => login(house, await token) }
  },
  'POST of a user': ({ house }) => ({
    well: 201,
    ask: () => house.scim.call('POST', '/Users', user(house.email('new'))),
  }),
  'PATCH of a user': ({ house, user: id }) => ({
    well: 200,
    ask: () => house.scim.call('PATCH', `/Users/${id}`, patchOp({ op: 'add', path: 'title', value: 'Engineer' })),
  }),
  'a member more': ({ house, group: id, user: member }) => ({
    well: 200,
    ask: () =>
      house.scim.call('PATCH', `/Groups/${id}`, patchOp({ op: 'add', path: 'members', value: [{ value: member }] })),
  }),
  'DELETE of a user': ({ house, user: id }) => ({ well: 204, ask: () => house.scim.call('DELETE', `/Users/${id}`) }),
}

function login({ organization, connection }: House, idToken: string): Promise<Answer> {
  return organization.ask('POST', `/connections/${connection.id}/logins`, { idToken })
}

const reads: readonly string[] = ['find', 'aggregate', 'count']
const writes: readonly string[] = ['insert', 'update', 'delete']
const commit: readonly string[] = ['commitTransaction']

interface Fault extends CommandFault {
  readonly commands: readonly string[]
}

/** Faults after which the server can be asked again at once: the request is answered as if nothing had been. */
const passing: Readonly<Record<string, Fault>> = {
  'a write conflict at a write': { commands: writes, errorCode: 112, errorLabels: ['TransientTransactionError'] },
  'a primary that steps down at a write': { commands: writes, errorCode: 10107 },
  'a connection that ends at a write': { commands: writes, closeConnection: true },
  'a connection that ends at a read': { commands: reads, closeConnection: true },
  'a connection that ends before the commit': { commands: commit, closeConnection: true },
  'a commit of unknown outcome, which was none': {
    commands: commit,
    errorCode: 10107,
    errorLabels: ['UnknownTransactionCommitResult'],
  },
  'a commit that has to begin again': { commands: commit, errorCode: 251, errorLabels: ['TransientTransactionError'] },
  'a commit of unknown outcome, which took effect': {
    commands: commit,
    writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' },
  },
  'a commit that took effect on a primary that shuts down': {
    commands: commit,
    writeConcernError: { code: 91, errmsg: 'shutting down', errorLabels: ['RetryableWriteError'] },
  },
}

describe('faults of the database server within a change', () => {
  for (const [name, { commands, ...fault }] of Object.entries(passing)) {
    it(`rows 130 132 R286 ${name} is not seen from outside, and nothing happens twice`, async () => {
      for (const [what, request] of Object.entries(requests)) {
        const stage = await setStage()
        const { ask, well } = request(stage)
        await failpoint.on(commands, fault)
        const answer = await ask()
        const happened = await failpoint.off()
        // What a request reads may be in memory; what it writes goes to the server.
        assert.ok(happened > 0 || commands === reads, `${what}: the fault did not happen`)
        assert.equal(answer.status, well, `${what}: ${answer.text}`)
        await assertOnce(stage, what)
      }
    })
  }
})

describe('faults of the database server that last', () => {
  /** Faults that the caller has to be told of, and how often they happen to each request. */
  const lasting: Readonly<Record<string, Fault & { readonly times: number }>> = {
    'a write that the server gives up': { commands: writes, errorCode: 64, times: 1 },
    'a commit that runs out of time': { commands: commit, errorCode: 50, times: 1 },
    'a commit that nobody answers': { commands: commit, closeConnection: true, times: 1_000 },
  }
  /** What asking again is answered with when it was done the first time. */
  const doneBefore: Readonly<Record<string, number>> = { 'POST of a user': 409, 'DELETE of a user': 404 }

  for (const [name, { commands, times, ...fault }] of Object.entries(lasting)) {
    it(`row 132 ${name} is 503 with Retry-After within 5 s, and asking the same again is safe`, async () => {
      const asked = []
      for (const [what, request] of Object.entries(requests)) {
        const stage = await setStage()
        asked.push({ what, stage, ...request(stage) })
      }
      await failpoint.on(commands, fault, times * asked.length)
      const begin = performance.now()
      const answers = await Promise.all(asked.map(({ ask }) => ask()))
      assert.ok(performance.now() - begin < 15_000)
      await failpoint.off()
      for (const { status, headers, text } of answers) {
        assert.equal(status, 503, text)
        assert.match(String(headers.get('retry-after')), /^\d+$/)
      }
      for (const { what, stage, ask, well } of asked) {
        const { status, text } = await ask()
        assert.ok([well, doneBefore[what]].includes(status), `${what}: ${text}`)
        await assertOnce(stage, what)
      }
    })
  }
})

describe('a connection that ends after the commit', () => {
  it('row 130 R286 is not seen from outside, and nothing happens twice', async () => {
    for (const [what, request] of Object.entries(requests)) {
      const stage = await setStage(distant)
      const { ask, well } = request(stage)
      proxy.cutAnswerTo('commitTransaction')
      const answer = await ask()
      assert.equal(answer.status, well, `${what}: ${answer.text}`)
      await assertOnce(stage, what, distant)
    }
  })
})

describe('faults of the database server within a bulk', () => {
  const bulkOf = ({ house, user: id }: Stage) => {
    const created = ['a', 'b', 'c'].map((name) => postUser(name, house.email(name)))
    const patched = { method: 'PATCH', path: `/Users/${id}`, data: patchOp({ op: 'add', path: 'title', value: 'T' }) }
    return bulk(house.scim, [...created, patched])
  }
  const assertEachOnce = async ({ house }: Stage, name: string) => {
    await assertInvariants(usher, house, { decisions: 0 })
    const users = (await house.changes()).filter(({ resource }) => resource.type === 'User')
    assert.deepEqual(
      users.map(({ action }) => action).toSorted(),
      ['create', 'create', 'create', 'create', 'patch'],
      name,
    )
  }

  it('rows 130 132 R229 pass as if nothing had been, and nothing happens twice', async () => {
    for (const [name, { commands, ...fault }] of Object.entries(passing)) {
      const stage = await setStage()
      await failpoint.on(commands, fault)
      const results = await bulkOf(stage)
      assert.ok((await failpoint.off()) > 0 || commands === reads, name)
      assert.deepEqual(statusesOf(results), ['201', '201', '201', '200'], name)
      await assertEachOnce(stage, name)
    }
  })

  it('row 132 a commit that nobody answers is 503 for each operation, and asking the same again is safe', async () => {
    const stage = await setStage()
    await failpoint.on(commit, { closeConnection: true }, 1_000)
    const results = await bulkOf(stage)
    await failpoint.off()
    assert.deepEqual(statusesOf(results), ['503', '503', '503', '503'])
    for (const { status } of await bulkOf(stage)) assert.ok(['200', '201', '409'].includes(status), status)
    await assertEachOnce(stage, 'asked again')
  })
})

/** The change is there, once: in the directory, in the feed and among the decisions. */
async function assertOnce(
  { house, user: there, group: team }: Stage,
  what: string,
  where: Usher = usher,
): Promise<void> {
  const isLogin = /login|link/.test(what)
  await assertInvariants(where, house, { decisions: isLogin ? 1 : 0 })
  const { totalResults } = await house.users()
  assert.equal(totalResults, /^(a first login|POST)/.test(what) ? 2 : what.startsWith('DELETE') ? 0 : 1, what)
  const changes = await house.changes()
  const counts = { User: 1, Group: 1, ...expectedChanges[what] }
  for (const type of ['User', 'Group'] as const) {
    const found = changes.filter(({ resource }) => resource.type === type)
    assert.equal(found.length, counts[type], `${what}: changes of ${type}s`)
  }
  const member = await house.scim.must('GET', `/Groups/${team}`)
  assert.equal(member.members?.length ?? 0, isLogin || what === 'a member more' ? 1 : 0, what)
  if (what.startsWith('PATCH')) assert.equal((await house.user(there)).title, 'Engineer')
}

/** How many changes there are afterwards; without a word here the one by which each resource was made. */
const expectedChanges: Readonly<Record<string, { readonly User?: number; readonly Group?: number }>> = {
  'a first login': { User: 2, Group: 2 },
  'the first link of a user': { User: 2, Group: 2 },
  'POST of a user': { User: 2 },
  'PATCH of a user': { User: 2 },
  'a member more': { Group: 2 },
  'DELETE of a user': { User: 2 },
}
