import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { untilAnswered } from '../blackbox/asking.ts'
import { user } from '../blackbox/usher.ts'
import { temporaryFolder, UsherProcess } from './usher-process.ts'

const dataDir = temporaryFolder()
const settings = { USHER_DATA_DIR: dataDir }
const users = '/scim/v2/durable/Users'

/** Users posted one after the other by three writers, until `enough` have been acknowledged and `then` has been done. */
async function postUntil(usher: UsherProcess, prefix: string, enough: number, then: () => void) {
  const acknowledged = new Map<string, string>()
  const asked: string[] = []
  let over = false
  let done = false
  const writer = async (name: string) => {
    for (let n = 0; !over; n += 1) {
      const userName = `${prefix}-${name}-${n}@example.org`
      asked.push(userName)
      const answer = await usher.call('POST', users, user(userName)).catch(() => null)
      if (answer?.status === 201) acknowledged.set(userName, answer.body.id)
      else if (answer?.status !== 503) over = true
      else await delay(50)
      if (acknowledged.size >= enough && !done) {
        done = true
        then()
      }
      if (acknowledged.size > enough * 2) over = true
    }
  }
  await Promise.all(['a', 'b', 'c'].map(writer))
  assert.ok(acknowledged.size >= enough, `only ${acknowledged.size} were acknowledged`)
  return { acknowledged, asked }
}

/** Every user that was acknowledged is there, and nobody who was not asked for, or twice. */
async function assertKept(usher: UsherProcess, acknowledged: ReadonlyMap<string, string>, asked: readonly string[]) {
  const { body } = await untilAnswered(() => usher.call('GET', `${users}?count=1000`))
  const found = new Map<string, string>()
  for (const { id, userName } of body.Resources) {
    assert.ok(!found.has(userName), `${userName} is there twice`)
    assert.ok(asked.includes(userName), `nobody asked for ${userName}`)
    found.set(userName, id)
  }
  for (const [userName, id] of acknowledged) assert.equal(found.get(userName), id, `${userName} is lost`)
  const changes = []
  for (let cursor = ''; ; ) {
    const path = `/api/v1/organizations/durable/changes?limit=200${cursor}`
    const page = await untilAnswered(() => usher.call('GET', path))
    changes.push(...page.body.items)
    if (page.body.nextCursor === undefined) break
    cursor = `&cursor=${page.body.nextCursor}`
  }
  const created = changes.filter(({ action }) => action === 'create').map(({ resource }) => resource.id)
  assert.deepEqual(created.sort(), [...found.values()].sort(), 'one record of each creation')
}

describe('an embedded database', () => {
  it('row 129 R286 keeps every acknowledged write when Usher, and then the database itself, is killed under load', async () => {
    const first = await UsherProcess.ready(settings)
    await first.call('POST', '/api/v1/organizations', { slug: 'durable' })
    const before = await postUntil(first, 'first', 30, () => first.kill('SIGKILL'))
    assert.equal(await first.ended, 'SIGKILL')

    const second = await UsherProcess.ready(settings)
    await assertKept(second, before.acknowledged, before.asked)

    const mongod = () => Number(readFileSync(join(dataDir, 'mongodb/mongod.lock'), 'utf8'))
    const killed = mongod()
    const after = await postUntil(second, 'second', 30, () => process.kill(killed, 'SIGKILL'))
    await second.until(200)
    assert.ok(after.acknowledged.size > 60, 'it has not gone on')
    await assertKept(second, new Map([...before.acknowledged, ...after.acknowledged]), [
      ...before.asked,
      ...after.asked,
    ])
    assert.notEqual(mongod(), killed)

    const rival = await UsherProcess.start(settings)
    assert.equal(await rival.ended, 2)
    assert.match(rival.output, new RegExp(`is in use by process ${second.child.pid}`))
    assert.equal(await second.readiness(), 200)
    second.kill('SIGTERM')
    assert.equal(await second.ended, 0)
  })
})
