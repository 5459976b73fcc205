/** Several processes that share the port (`USHER_WORKERS`). Each is a whole Usher; a worker that dies is replaced. */
import cluster from 'node:cluster'
import { randomUUID } from 'node:crypto'
import type { Logger } from './http/log.ts'

interface Workers {
  readonly count: number
  /** Variables that the workers get besides our own. */
  readonly environment: Readonly<Record<string, string>>
  readonly log: Logger
}

export interface Supervision {
  /** Resolves when the first worker serves. @throws WorkersGaveUpError when one cannot start at all */
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

/** What workers tell each other, by way of this process: it goes to one of them, or to all the others. */
interface Letter {
  readonly to: number | 'others'
  readonly from: number
  readonly subject: 'settings changed' | 'figures wanted' | 'figures'
  /** Of figures: which question they answer. */
  readonly question?: string
  readonly figures?: object[]
}

/** Milliseconds that a worker waits for what others have counted. */
const patience = 2_000

function post(letter: Omit<Letter, 'from'>): void {
  if (cluster.worker?.isConnected()) process.send?.({ ...letter, from: cluster.worker.id })
}

function onLetter(subject: Letter['subject'], act: (letter: Letter) => void): () => void {
  const listener = (message: unknown) => isLetter(message) && message.subject === subject && act(message)
  process.on('message', listener)
  return () => process.off('message', listener)
}

function isLetter(message: unknown): message is Letter {
  return typeof message === 'object' && message !== null && 'to' in message && 'subject' in message
}

const serving = 'serving'

/** Tells that this worker serves: what it listened for before was only to say what it waits for. */
export function announceServing(): void {
  if (cluster.isWorker) process.send?.(serving)
}

/** Tells the other workers, if there are any, that settings have changed: whatever is remembered of them is old. */
export function announceSettings(): void {
  if (cluster.isWorker) post({ to: 'others', subject: 'settings changed' })
}

/** Calls `act` whenever another worker has changed settings. */
export function onSettingsAnnounced(act: () => void): void {
  if (cluster.isWorker) onLetter('settings changed', act)
}

/**
 * Tells the other workers what this one has counted when they ask for it, and gives how to ask them: for all figures but
 * one's own. A worker that does not answer within two seconds is left out.
 *
 * @param count how many workers there are
 */
export function shareFigures(count: number, read: () => Promise<object[]>): () => Promise<readonly object[][]> {
  if (!cluster.isWorker) return async () => []
  onLetter('figures wanted', async ({ from, question }) => {
    post({ to: from, subject: 'figures', ...(question !== undefined && { question }), figures: await read() })
  })
  return async () => {
    const asked = randomUUID()
    const told: object[][] = []
    const { promise: enough, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, patience)
    const listenNoMore = onLetter('figures', ({ question, figures }) => {
      if (question !== asked || figures === undefined) return
      if (told.push(figures) === count - 1) resolve()
    })
    post({ to: 'others', subject: 'figures wanted', question: asked })
    await enough
    clearTimeout(timer)
    listenNoMore()
    return told
  }
}

function forward(letter: Letter): void {
  for (const worker of Object.values(cluster.workers ?? {})) {
    const isMeant = letter.to === 'others' ? worker?.id !== letter.from : worker?.id === letter.to
    if (isMeant && worker?.isConnected()) worker.send(letter)
  }
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
  let alone = true
  cluster.on('message', (_from, message: unknown) => {
    if (isLetter(message)) forward(message)
    if (message !== serving || !alone) return
    alone = false
    for (let index = 1; index < count && !stopping; index += 1) cluster.fork(environment)
    resolve()
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
