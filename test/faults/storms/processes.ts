import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { setLoadStage } from '../load-stage.ts'
import { type Pair, startPair } from '../pair.ts'
import { ReplicaSet } from '../replica-set.ts'
import { type Storm, weather } from '../storm.ts'
import type { Chapter } from './chapter.ts'

interface Parts {
  readonly set: ReplicaSet
  readonly pair: Pair
}

/** How long a process stays away, in milliseconds: longer than it takes the others to notice. */
const absence = 8_000

const storms: readonly (Omit<Storm, 'fault'> & {
  readonly rows: string
  readonly fault: (parts: Parts) => Storm['fault']
})[] = [
  {
    name: 'primary steps down, twice',
    rows: 'row 130',
    rules: { mayBeUnavailable: true },
    fault:
      ({ set }) =>
      async (load) => {
        await set.stepDown()
        await load.more(100)
        await set.stepDown()
      },
  },
  {
    name: 'primary is killed',
    rows: 'row 129',
    rules: { mayBeUnavailable: true },
    fault:
      ({ set }) =>
      async () => {
        const restart = await set.killPrimary()
        await delay(absence)
        await restart()
      },
  },
  {
    name: 'primary stands still',
    rows: 'rows 128 131',
    rules: { mayBeUnavailable: true },
    fault:
      ({ set }) =>
      async () => {
        const goOn = await set.freezePrimary()
        await delay(absence)
        goOn()
      },
  },
  {
    name: 'an Usher is killed',
    rows: 'row 115',
    // What it was at within a transaction is locked until the server gives the transaction up.
    rules: { mayBreak: true, mayBeUnavailable: true },
    fault:
      ({ pair }) =>
      async () => {
        const restart = await pair.killOne()
        await delay(absence / 2)
        await restart()
      },
  },
]

export const processStorms: Chapter = {
  title: 'processes: a replica set of three and two Ushers under load',
  async run(t, { provider, note }) {
    const set = await ReplicaSet.start(3)
    t.after(() => set.stop())
    const pair = await startPair(t, { MONGODB_URI: set.uri })
    for (const { name, rows, rules, fault } of storms) {
      await t.test(`${rows} R286 what was acknowledged is kept, and they serve on: ${name}`, async () => {
        const stage = await setLoadStage(pair.doors[0]!, provider)
        note(await weather(stage, pair.doors, { name, rules, fault: fault({ set, pair }) }))
        await set.untilWhole()
        assert.deepEqual(await pair.readiness(), [200, 200])
      })
    }
  },
}
