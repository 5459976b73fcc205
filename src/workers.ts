/** Several processes that share the port (`USHER_WORKERS`). Each is a whole Usher; a worker that dies is replaced. */
import cluster from 'node:cluster'
import type { Logger } from './http/log.ts'

interface Workers {
  readonly count: number
  /** Variables that the workers get besides our own. */
  readonly environment: Readonly<Record<string, string>>
  readonly log: Logger
}

/** Starts the workers; the function that is returned ends them. */
export function superviseWorkers({ count, environment, log }: Workers): () => Promise<void> {
  let stopping = false
  for (let index = 0; index < count; index += 1) cluster.fork(environment)
  cluster.on('exit', (worker, code) => {
    if (stopping) return
    log.error('A worker has ended and is replaced.', { worker: worker.id, code: String(code) })
    setTimeout(() => !stopping && cluster.fork(environment), 1_000)
  })
  return async () => {
    stopping = true
    const ends = Object.values(cluster.workers ?? {}).map(
      (worker) =>
        new Promise<void>((resolve) => {
          worker?.once('exit', () => resolve())
          worker?.kill('SIGTERM')
        }),
    )
    await Promise.all(ends)
  }
}
