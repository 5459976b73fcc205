/** The processes that are measured: each answers HTTP, and says over IPC how much CPU time it has used. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

export interface Measured {
  readonly url: string
  /** CPU time that it has used since it began, in milliseconds. */
  cpu(): Promise<number>
  memory(): Promise<Memory>
  stop(): Promise<void>
}

/** Resident memory of a process in bytes, now and at most so far, and what its objects take. */
export interface Memory {
  readonly resident: number
  readonly peak: number
  readonly heap: number
}

type Question = 'cpu' | 'memory' | 'stop'

/** What is measured is told in this form: workers send each other other things by the same way. */
interface Told {
  readonly told: unknown
}

/** Starts a file of this folder as a process of its own, with these variables. */
export function startProcess(
  file: string,
  environment: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<Measured> {
  const child = fork(new URL(file, import.meta.url), {
    env: { PATH: process.env.PATH, ...environment },
    execArgv: [...flags],
    // What it logs is written like anywhere else, and read by nobody.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return measuredIn(child)
}

/** A process that has just been forked and will report; resolves when it listens. */
export async function measuredIn(child: ChildProcess): Promise<Measured> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('a process that is measured has ended')))
  ended.catch(() => undefined)
  const next = <Answer>(): Promise<Answer> => {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const listener = (message: unknown) => {
      if (!isTold(message)) return
      child.off('message', listener)
      resolve(message.told as Answer)
    }
    child.on('message', listener)
    return Promise.race([promise, ended])
  }
  const ask = <Answer>(question: Question): Promise<Answer> => {
    const answer = next<Answer>()
    child.send(question)
    return answer
  }
  const url = await next<string>()
  return {
    url,
    cpu: () => ask<number>('cpu'),
    memory: () => ask<Memory>('memory'),
    async stop() {
      child.send('stop' satisfies Question)
      await once(child, 'exit')
    },
  }
}

/** The other side: what this process tells of itself. */
export function ownFigures(url: string, stop: () => Promise<void>): Measured {
  return {
    url,
    async cpu() {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1000
    },
    async memory() {
      const { rss: resident, heapUsed: heap } = process.memoryUsage()
      return { resident, peak: process.resourceUsage().maxRSS * 1024, heap }
    },
    stop,
  }
}

/** Tells the parent where this process listens, and answers its questions. */
export function reportTo(parent: NodeJS.Process, measured: Measured): void {
  const tell = (told: unknown) => parent.send?.({ told } satisfies Told)
  // Whoever measures is gone, and nobody else would end this.
  parent.on('disconnect', () => parent.exit())
  parent.on('message', async (question) => {
    if (question === 'cpu') tell(await measured.cpu())
    if (question === 'memory') tell(await measured.memory())
    if (question !== 'stop') return
    await measured.stop()
    parent.exit()
  })
  tell(measured.url)
}

function isTold(message: unknown): message is Told {
  return typeof message === 'object' && message !== null && 'told' in message
}
