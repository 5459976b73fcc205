import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startUsher } from '../blackbox/usher.ts'
import { testDatabase } from '../database.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { compare, readFound } from './checker.ts'
import { Journal } from './journal.ts'
import { Load } from './load.ts'
import { setLoadStage } from './load-stage.ts'
import { TcpProxy } from './proxy.ts'
import { weather } from './storm.ts'

const database = testDatabase()
const proxy = await TcpProxy.start(database)
const near = await startUsher({ MONGODB_URI: database })
const far = await startUsher({}, { ...near.home, database: proxy.through(database) })
const provider = await TestProvider.start()
after(async () => {
  await provider.close()
  await proxy.close()
})

describe('two Ushers under a mixed load', () => {
  it('rows 130 131 R286 keep what was acknowledged when the connections of one break', async () => {
    const stage = await setLoadStage(near, provider)
    const rules = { mayBeUnavailable: true }
    const fault = async () => {
      proxy.reset()
      await delay(500)
      proxy.pass()
    }
    const figure = await weather(stage, [near, far], { name: 'reset', rules, fault, enough: 25 })
    assert.ok(figure.users > 10, `${figure.users} users`)
    assert.ok(figure.decisions > 10, `${figure.decisions} decisions`)
  })
})

describe('the checker', () => {
  const losses: Readonly<Record<string, (journal: Journal) => void>> = {
    'a user that was acknowledged and is not there': (journal) => {
      journal.created.set('lost', null)
    },
    'a user that is there and nobody asked for': (journal) => {
      journal.expected.clear()
    },
    'a value that is lost': (journal) => {
      journal.patched.add('value-n0')
    },
    'a value that is at another user': (journal) => {
      for (const value of journal.named.keys()) journal.named.set(value, 'somebody')
    },
    'a membership that is lost': (journal) => {
      journal.joined.add('group user')
    },
    'a membership that nobody asked for': (journal) => {
      journal.wanted.clear()
    },
    'a decision that is lost': (journal) => {
      const [[id, login] = assert.fail()] = journal.decided
      journal.decided.delete(id)
      journal.decided.set('lost', login)
    },
    'two decisions for one login': (journal) => {
      const [id = assert.fail()] = journal.decided.keys()
      journal.decided.delete(id)
    },
    'an answer that was wrong': (journal) => {
      journal.complaints.push('create: 500')
    },
  }
  it(`finds ${Object.keys(losses).join(', ')}`, async () => {
    const stage = await setLoadStage(near, provider)
    const load = new Load(stage, [near], {})
    const { created, patched, joined, decided } = load.journal
    // What was never acknowledged cannot be lost.
    do await load.more(20)
    while ([created, patched, joined, decided].some(({ size }) => size === 0))
    const journal = await load.end()
    const found = await readFound(near, stage.house)
    compare(journal, found)
    for (const [loss, tamper] of Object.entries(losses)) {
      const tampered = Object.assign(new Journal(), structuredClone({ ...journal }))
      tamper(tampered)
      assert.throws(() => compare(tampered, found), assert.AssertionError, loss)
    }
    const twice = { ...found, changes: [...found.changes, ...found.changes] }
    assert.throws(() => compare(journal, twice), assert.AssertionError)
  })
})
