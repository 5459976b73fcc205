/** Indexes take their time: of a large collection one is built for minutes. Nobody is served without them. */
import { setTimeout as delay } from 'node:timers/promises'
import mongoose from 'mongoose'
import { UsherError } from '../errors.ts'
import { ScopedCollection, type Sort } from './collection.ts'
import { type CollectionName, collectionNames } from './models.ts'
import { checkSchemaVersion } from './schema-version.ts'
import { openStore, type Store } from './store.ts'

export interface IndexBuild {
  readonly uri: string
  /** What is needed beyond the indexes that every database has. */
  readonly indexes: Readonly<Partial<Record<CollectionName, readonly Sort[]>>>
  /** Told once it takes long, and again and again: the indexes that are not there yet, as `users.org_1_state_1`. */
  readonly onLong: (outstanding: readonly string[]) => Promise<void>
}

/** Milliseconds after which it has taken long, and between two looks at what is still missing. */
const patience = 2_000
/** Milliseconds for such a look: for a moment an index that begins or ends lets nobody look. */
const lookPatience = 1_000

/**
 * Makes every collection and index that is missing, however long that takes. The server goes on with an index although
 * nobody waits for it any more, and whoever asks for the same one waits for it: so several processes may do this at once,
 * and one that was cut off, by the time limit of its connection or by its end, has lost nothing.
 * @throws NewerSchemaError; UsherError `unavailable`
 */
export async function buildIndexes(build: IndexBuild): Promise<void> {
  for (let done = false; !done; ) {
    // A connection of its own: closing it ends what an attempt that failed has left.
    const store = await openStore({ uri: build.uri })
    try {
      await checkSchemaVersion(store)
      done = await attempt(store, build)
    } finally {
      await store.close()
    }
  }
}

/** False when the time of a connection was over before an index was there. */
async function attempt(store: Store, { indexes, onLong }: IndexBuild): Promise<boolean> {
  const work = store
    .prepare()
    .then(() => store.expectIndexes(indexes))
    .then(
      () => true,
      (error: unknown) => {
        if (isOverdue(error)) return false
        throw error
      },
    )
  // It may fail after something else has ended the wait.
  work.catch(() => undefined)
  for (;;) {
    const done = await Promise.race([work, delay(patience, null, { ref: false })])
    if (done !== null) return done
    const look = outstandingIndexes(store).catch(() => [])
    const tooLong = delay(lookPatience, [], { ref: false })
    const outstanding = await Promise.race([work.then(() => null), look, tooLong])
    if (outstanding !== null) await onLong(outstanding)
  }
}

/** Those that nobody has begun, and those that are being built: the server lists these as if they were there. */
async function outstandingIndexes(store: Store): Promise<readonly string[]> {
  const missing = await store.missingIndexes()
  const building = await Promise.all(collectionNames.map((name) => builtNow(store, name)))
  return [...new Set([...building.flat(), ...missing.map(nameOf)])]
}

async function builtNow(store: Store, name: CollectionName): Promise<readonly string[]> {
  const collection = store[name]
  const all = collection instanceof ScopedCollection ? collection.everywhere : collection
  const statistics = { $collStats: { storageStats: {} } }
  const read = { $project: { names: '$storageStats.indexBuilds' } }
  const rows = await all.aggregate<{ readonly names?: readonly string[] }>([statistics, read]).catch(() => [])
  return rows.flatMap(({ names = [] }) => names.map((index) => `${name}.${index}`))
}

/** `users: {"org":1,"state":1}` as the server names it, `users.org_1_state_1`. */
function nameOf(missing: string): string {
  const [, collection = '', keys = '{}'] = /^(\w+): (.*)$/.exec(missing) ?? []
  return `${collection}.${Object.entries(JSON.parse(keys)).flat().join('_')}`
}

function isOverdue(error: unknown): boolean {
  return error instanceof UsherError && error.cause instanceof mongoose.mongo.MongoNetworkTimeoutError
}
