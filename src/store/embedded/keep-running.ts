import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type MongoInstance, MongoInstanceEvents } from 'mongodb-memory-server-core/lib/util/MongoInstance.js'
import { reasonOf } from './problem.ts'

export interface Keeping {
  /** Starts the server once more in the same place; the error says why it cannot. */
  readonly start: () => Promise<MongoInstance>
  readonly onProgress: (line: string) => void
}

export interface Kept {
  /** The server as it was started last. */
  readonly current: () => MongoInstance
  /** Ends the server in good order, and begins no other one. */
  readonly stop: () => Promise<void>
}

/** Milliseconds between two attempts: what keeps a server from starting, such as a full disk, may pass. */
const pause = 3_000

/** Starts a server again whenever it ends by itself, as often as it takes. */
export function keepRunning(first: MongoInstance, { start, onProgress }: Keeping): Kept {
  const stopping = new AbortController()
  const { signal } = stopping
  let current = first
  let reviving: Promise<void> = Promise.resolve()

  const watch = () =>
    current.once(MongoInstanceEvents.instanceClosed, () => {
      if (!signal.aborted) reviving = revive()
    })
  const revive = async () => {
    onProgress('The embedded database has ended by itself and is started again')
    for (let said = ''; !signal.aborted; ) {
      try {
        current = await start()
        if (signal.aborted) await current.stop()
        else watch()
        return
      } catch (error) {
        const reason = reasonOf(error)
        if (reason !== said) onProgress(`The embedded database cannot be started again: ${reason}; it is tried on`)
        said = reason
      }
      await delay(pause, undefined, { signal }).catch(() => undefined)
    }
  }

  watch()
  return {
    current: () => current,
    async stop() {
      stopping.abort()
      await current.stop()
      await reviving
    },
  }
}

/**
 * What `work` with a server gives, while the server runs.
 * @throws Error when it ends meanwhile
 */
export async function whileRunning<T>(instance: MongoInstance, work: Promise<T>): Promise<T> {
  const watching = new AbortController()
  const closed = once(instance, MongoInstanceEvents.instanceClosed, { signal: watching.signal }).then(() => {
    throw new Error('it has ended again')
  })
  closed.catch(() => undefined)
  try {
    return await Promise.race([work, closed])
  } finally {
    watching.abort()
  }
}
