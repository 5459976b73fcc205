/** The processes that are measured: each answers HTTP, and says over IPC how much CPU time it has used. */
import { fork } from 'node:child_process'
import { once } from 'node:events'

export interface Measured {
  readonly url: string
  /** CPU time that the process has used since it began, in milliseconds. */
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

/** Starts a file of this folder as a process of its own, with these variables. */
export async function startProcess(
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
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${file} has ended`)))
  ended.catch(() => undefined)
  const next = async <Message>(): Promise<Message> => {
    const { promise, resolve } = Promise.withResolvers<Message>()
    child.once('message', resolve)
    return Promise.race([promise, ended])
  }
  const ask = <Message>(question: string): Promise<Message> => {
    const answer = next<Message>()
    child.send(question)
    return answer
  }
  const { url } = await next<{ readonly url: string }>()
  return {
    url,
    cpu: () => ask<number>('cpu'),
    memory: () => ask<Memory>('memory'),
    async stop() {
      child.send('stop')
      await once(child, 'exit')
    },
  }
}

/** The other side: tells the parent where this process listens, and answers its questions. */
export function reportTo(parent: NodeJS.Process, url: string, stop: () => Promise<void>): void {
  // Whoever measures is gone, and nobody else would end this.
  parent.on('disconnect', () => parent.exit())
  parent.on('message', async (question) => {
    if (question === 'cpu') {
      const { user, system } = parent.cpuUsage()
      parent.send?.((user + system) / 1000)
      return
    }
    if (question === 'memory') {
      const { rss: resident, heapUsed: heap } = parent.memoryUsage()
      parent.send?.({ resident, peak: parent.resourceUsage().maxRSS * 1024, heap })
      return
    }
    await stop()
    parent.exit()
  })
  parent.send?.({ url })
}
