import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { patience, untilAnswered } from '../blackbox/asking.ts'
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

/** What can be asked, each of somebody else. */
interface Request {
  /** Gives what asks, the same every time; `name` is that of the person. */
  readonly prepare: (stage: Stage, name: string) => () => Promise<Answer>
  /** What it is answered with when nothing is wrong. */
  readonly well: number
  /** What asking again is answered with when it was done the first time, if that is something else. */
  readonly doneBefore?: number
  /** How many changes there are afterwards of the person who was there, and how many people more. */
  readonly changes: number
  readonly more?: number
  /** The group that has a member more. */
  readonly joins?: 'team' | 'crew'
}

interface Stage {
  readonly house: House
  /** The group of those whose login says so, and another one. */
  readonly groups: Readonly<Record<'team' | 'crew', string>>
  /** What is asked here, and by name whoever is there for it. */
  readonly asked: Readonly<Record<string, Request>>
  readonly people: Readonly<Record<string, string>>
}

const claims = { groups: ['team'] }

const requests: Readonly<Record<string, Request>> = {
  'a first login': {
    prepare: ({ house }, name) => {
      const token = house.connection.token(house.person(`new-${name}`, claims))
      return async () => login(house, await token)
    },
    ...{ well: 200, changes: 1, more: 1, joins: 'team' },
  },
  'the first link of a user': {
    prepare: ({ house }, name) => {
      const token = house.connection.token(house.person(name, claims))
      return async () => login(house, await token)
    },
    ...{ well: 200, changes: 2, joins: 'team' },
  },
  'POST of a user': {
    prepare:
      ({ house }, name) =>
      () =>
        house.scim.call('POST', '/Users', user(house.email(`new-${name}`))),
    ...{ well: 201, doneBefore: 409, changes: 1, more: 1 },
  },
  'PATCH of a user': {
    prepare:
      ({ house, people }, name) =>
      () =>
        house.scim.call('PATCH', `/Users/${people[name]}`, patchOp({ op: 'add', path: 'title', value: 'Engineer' })),
    ...{ well: 200, changes: 2 },
  },
  'a member more': {
    prepare:
      ({ house, groups, people }, name) =>
      () =>
        house.scim.call(
          'PATCH',
          `/Groups/${groups.crew}`,
          patchOp({ op: 'add', path: 'members', value: [{ value: people[name] }] }),
        ),
    ...{ well: 200, changes: 1, joins: 'crew' },
  },
  'DELETE of a user': {
    prepare:
      ({ house, people }, name) =>
      () =>
        house.scim.call('DELETE', `/Users/${people[name]}`),
    ...{ well: 204, doneBefore: 404, changes: 2 },
  },
}

/** A house with two groups, and somebody for each request. */
async function setStage(asked: Stage['asked'], where: Usher = usher): Promise<Stage> {
  const house = await buildHouse(where, provider)
  const [team, crew] = [
    await house.scim.must('POST', '/Groups', group('Team')),
    await house.scim.must('POST', '/Groups', group('Crew')),
  ]
  await house.connection.jit({
    groups: { mode: 'sync', claim: 'groups', mapping: [{ value: 'team', group: team.id }] },
  })
  const people: Record<string, string> = {}
  for (const name of Object.keys(asked).map(nameOf)) {
    const there = user(house.email(name), { externalId: `${name}-subject` })
    people[name] = (await house.scim.must('POST', '/Users', there)).id
  }
  return { house, groups: { team: team.id, crew: crew.id }, asked, people }
}

const nameOf = (what: string) => what.toLowerCase().replaceAll(' ', '-')

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
      const stage = await setStage(requests)
      for (const [what, { prepare, well }] of Object.entries(requests)) {
        const ask = prepare(stage, nameOf(what))
        await failpoint.on(commands, fault)
        const answer = await ask()
        const happened = await failpoint.off()
        // What a request reads may be in memory; what it writes goes to the server.
        assert.ok(happened > 0 || commands === reads, `${what}: the fault did not happen`)
        assert.equal(answer.status, well, `${what}: ${answer.text}`)
      }
      await assertOnce(stage)
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
  /** Faults besides, for what Usher writes at the same time by itself. */
  const spare = 5

  for (const [name, { commands, times, ...fault }] of Object.entries(lasting)) {
    it(`row 132 ${name} is 503 with Retry-After within 5 s, and asking the same again is safe`, async () => {
      const asked = []
      for (const [what, request] of Object.entries(requests)) {
        // Each in a house of its own: they are asked at once, and none waits for another one.
        const stage = await setStage({ [what]: request })
        asked.push({ what, stage, request, ask: request.prepare(stage, nameOf(what)) })
      }
      await failpoint.on(commands, fault, times * asked.length + spare)
      const begin = performance.now()
      const answers = await Promise.all(asked.map(({ ask }) => ask()))
      const seconds = (performance.now() - begin) / 1_000
      await failpoint.off()
      assert.ok(seconds < patience, `${seconds} s`)
      for (const { status, headers, text } of answers) {
        assert.equal(status, 503, text)
        assert.match(String(headers.get('retry-after')), /^\d+$/)
      }
      for (const { what, stage, request, ask } of asked) {
        const { status, text } = await untilAnswered(ask)
        assert.ok([request.well, request.doneBefore].includes(status), `${what}: ${text}`)
        await assertOnce(stage)
      }
    })
  }
})

describe('a decision that is inserted by itself', () => {
  it('row 132 R286 is 503 as long as no majority has it, and asking the same again is answered by it', async () => {
    const house = await buildHouse(usher, provider)
    await house.connection.login(house.person('ann'))
    const token = await house.connection.token(house.person('ann'))
    const writeConcernError = { code: 64, errmsg: 'waiting for replication timed out' }
    await failpoint.on(['insert'], { writeConcernError }, 50)
    const answer = await login(house, token)
    assert.ok((await failpoint.off()) > 0)
    assert.equal(answer.status, 503, answer.text)
    assert.match(String(answer.headers.get('retry-after')), /^\d+$/)
    assert.equal((await untilAnswered(() => login(house, token))).status, 200)
    assert.equal((await house.organization.admin('GET', '/decisions')).items.length, 2)
  })
})

describe('a connection that ends after the commit', () => {
  it('row 130 R286 is not seen from outside, and nothing happens twice', async () => {
    const stage = await setStage(requests, distant)
    for (const [what, { prepare, well }] of Object.entries(requests)) {
      const ask = prepare(stage, nameOf(what))
      proxy.cutAnswerTo('commitTransaction')
      const answer = await ask()
      assert.equal(answer.status, well, `${what}: ${answer.text}`)
    }
    await assertOnce(stage, distant)
  })
})

describe('faults of the database server within a bulk', () => {
  const patch = 'PATCH of a user'
  const bulkStage = () => setStage({ [patch]: requests[patch]! })
  const bulkOf = ({ house, people }: Stage) => {
    const created = ['a', 'b', 'c'].map((name) => postUser(name, house.email(name)))
    const title = patchOp({ op: 'add', path: 'title', value: 'T' })
    const patched = { method: 'PATCH', path: `/Users/${people[nameOf(patch)]}`, data: title }
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
      const stage = await bulkStage()
      await failpoint.on(commands, fault)
      const results = await bulkOf(stage)
      assert.ok((await failpoint.off()) > 0 || commands === reads, name)
      assert.deepEqual(statusesOf(results), ['201', '201', '201', '200'], name)
      await assertEachOnce(stage, name)
    }
  })

  it('row 132 a commit that nobody answers is 503 for each operation, and asking the same again is safe', async () => {
    const stage = await bulkStage()
    await failpoint.on(commit, { closeConnection: true }, 1_000)
    const results = await bulkOf(stage)
    await failpoint.off()
    assert.deepEqual(statusesOf(results), ['503', '503', '503', '503'])
    let again = statusesOf(await bulkOf(stage))
    while (again.includes('503')) again = statusesOf(await bulkOf(stage))
    for (const status of again) assert.ok(['200', '201', '409'].includes(status), status)
    await assertEachOnce(stage, 'asked again')
  })
})

/** Each change is there, once: in the directory, in the feed and among the decisions. */
async function assertOnce({ house, groups, asked, people }: Stage, where: Usher = usher): Promise<void> {
  const kinds = Object.entries(asked)
  await assertInvariants(where, house, { decisions: kinds.filter(([what]) => /login|link/.test(what)).length })
  const changes = new Map<string, number>()
  for (const { resource } of await house.changes()) changes.set(resource.id, (changes.get(resource.id) ?? 0) + 1)
  for (const [name, id] of Object.entries(groups)) {
    const joined = kinds.filter(([, { joins }]) => joins === name).length
    const { members = [] } = await house.scim.must('GET', `/Groups/${id}`)
    assert.deepEqual([members.length, changes.get(id)], [joined, 1 + joined], `members of ${name}, and its changes`)
  }
  const { Resources: users = [] } = await house.users()
  const found = (name: string) => users.filter(({ userName }: Answer['body']) => userName === house.email(name))
  for (const [what, request] of kinds) {
    const [there, made] = [nameOf(what), `new-${nameOf(what)}`].map(found)
    assert.equal(there.length, what.startsWith('DELETE') ? 0 : 1, what)
    assert.equal(changes.get(people[nameOf(what)]!), request.changes, `${what}: changes of who was there`)
    assert.equal(made.length, request.more ?? 0, what)
    for (const { id } of made) assert.equal(changes.get(id), 1, `${what}: changes of who is new`)
    if (what.startsWith('PATCH')) assert.equal(there[0].title, 'Engineer')
  }
  const more = kinds.reduce((sum, [, request]) => sum + (request.more ?? 0), 0)
  assert.equal(changes.size, Object.keys(groups).length + kinds.length + more, 'nobody else was changed')
}
