/** Several processes that share the port (`USHER_WORKERS`). Each is a whole Usher; a worker that dies is replaced. */
import cluster from 'node:cluster'
import type { Logger } from './http/log.ts'

interface Workers {
  readonly count: number
  /** Variables that the workers get besides our own. */
  readonly environment: Readonly<Record<string, string>>
  readonly log: Logger
}

export interface Supervision {
  /** Resolves when the first worker listens. @throws WorkersGaveUpError when one cannot start at all */
  readonly ready: Promise<void>
  /** Ends the workers. */
  readonly stop: () => Promise<void>
}

/** A worker has said on the console why it cannot start; another one could not either. */
export class WorkersGaveUpError extends Error {
  constructor() {
    super('The workers cannot start.')
    this.name = 'WorkersGaveUpError'
  }
}

/** What a process ends with that cannot start with these settings. */
const badSettings = 2
/** Milliseconds before a worker is replaced. */
const pause = 1_000

/** What workers tell each other: settings have changed, so whatever is remembered of them is old. */
const settingsChanged = 'settings changed'

/** Tells the other workers, if there are any, that settings have changed. */
export function announceSettings(): void {
  if (cluster.isWorker) process.send?.(settingsChanged)
}

/** Calls `act` whenever another worker has changed settings. */
export function onSettingsAnnounced(act: () => void): void {
  if (cluster.isWorker) process.on('message', (message) => message === settingsChanged && act())
}

/**
 * Starts the workers; the first one alone, for what it generates (keys, the operator's token, the sandbox) is made once
 * and found by the others. They take connections from one listening socket themselves: a connection that this process handed
 * to a worker that has just died would be answered by nobody.
 */
export function superviseWorkers({ count, environment, log }: Workers): Supervision {
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
  let stopping = false
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.once('listening', () => {
    for (let index = 1; index < count && !stopping; index += 1) cluster.fork(environment)
    resolve()
  })
  cluster.on('message', (from, message) => {
    if (message !== settingsChanged) return
    for (const worker of Object.values(cluster.workers ?? {})) {
      if (worker !== from && worker?.isConnected()) worker.send(settingsChanged)
    }
  })
  cluster.on('exit', (worker, code) => {
    if (stopping) return
    if (code === badSettings) reject(new WorkersGaveUpError())
    log.error('A worker has ended and is replaced.', { worker: worker.id, code: String(code) })
    setTimeout(() => !stopping && cluster.fork(environment), pause)
  })
  cluster.fork(environment)
  return {
    ready,
    async stop() {
      stopping = true
      const ends = Object.values(cluster.workers ?? {}).map(
        (worker) =>
          new Promise<void>((ended) => {
            worker?.once('exit', () => ended())
            worker?.kill('SIGTERM')
          }),
      )
      await Promise.all(ends)
    },
  }
}
