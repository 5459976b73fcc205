import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { address } from '../../../src/store/embedded/launch.ts'
import { replicaSetName } from '../../../src/store/embedded/replica-set.ts'
import type { Load } from '../load.ts'
import { setLoadStage } from '../load-stage.ts'
import { startPair } from '../pair.ts'
import { makeSmallDisk } from '../small-disk.ts'
import { weather } from '../storm.ts'
import type { Chapter } from './chapter.ts'

const megabytes = 256
/** Milliseconds for which there is no space after the first answer has said so. */
const absence = 5_000

export const diskStorms: Chapter = {
  title: 'disk: an embedded database whose disk is full',
  async run(t, { provider, note }) {
    const disk = makeSmallDisk(megabytes)
    if (typeof disk === 'string') return t.skip(disk)
    t.after(() => disk.remove())
    // The first Usher starts the database in its folder, and the second one uses it too.
    const embedded = { USHER_DATA_DIR: disk.folder }
    const pair = await startPair(t, embedded, () => ({ ...embedded, MONGODB_URI: addressOf(disk.folder) }))
    await t.test(
      'row 132 R286 writes are 503, and what was acknowledged is there when there is space again',
      async () => {
        const stage = await setLoadStage(pair.doors[0]!, provider)
        const fault = async (load: Load) => {
          disk.fill()
          await load.unavailable()
          await delay(absence)
          disk.free()
        }
        note(await weather(stage, pair.doors, { name: 'disk is full', rules: { mayBeUnavailable: true }, fault }))
        assert.deepEqual(await pair.readiness(), [200, 200])
      },
    )
  },
}

function addressOf(dataDir: string): string {
  const { port } = JSON.parse(readFileSync(join(dataDir, 'mongodb.json'), 'utf8'))
  return `mongodb://${address}:${port}/usher?replicaSet=${replicaSetName}`
}
