/** The processes that are measured: each answers HTTP, and says over IPC how much CPU time it has used. */
import { fork } from 'node:child_process'
import { once } from 'node:events'

export interface Measured {
  readonly url: string
  /** CPU time that the process has used since it began, in milliseconds. */
  cpu(): Promise<number>
  stop(): Promise<void>
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
  const { url } = await next<{ readonly url: string }>()
  return {
    url,
    async cpu() {
      const answer = next<{ readonly cpu: number }>()
      child.send('cpu')
      return (await answer).cpu
    },
    async stop() {
      child.send('stop')
      await once(child, 'exit')
    },
  }
}

/** The other side: tells the parent where this process listens, and answers its questions. */
export function reportTo(parent: NodeJS.Process, url: string, stop: () => Promise<void>): void {
  parent.on('message', async (question) => {
    if (question === 'cpu') {
      const { user, system } = parent.cpuUsage()
      parent.send?.({ cpu: (user + system) / 1000 })
      return
    }
    await stop()
    parent.exit()
  })
  parent.send?.({ url })
}
