/** Work that nobody waits for: it is looked for now and then, and whenever somebody says that there is some. */
import type { Logger } from './http/log.ts'

export interface BackgroundTask {
  /** Milliseconds between two looks. */
  readonly interval: number
  /**
   * Does what there is to do. Other processes run the same: whoever comes second finds nothing. Work that is long ends
   * soon after the signal, and is taken up by somebody else.
   */
  readonly run: (stopping: AbortSignal) => Promise<void>
}

export interface Background<Name extends string> {
  /** Looks for work now; resolves when what was there has been done, or has failed and was logged. */
  wake(name: Name): Promise<void>
  /** Looks no more, and resolves when what is being done has ended. */
  stop(): Promise<void>
}

/** Begins to look for work. A task never runs twice at once in this process. */
export function startBackground<Name extends string>(
  tasks: Readonly<Record<Name, BackgroundTask>>,
  log: Logger,
): Background<Name> {
  const names = Object.keys(tasks) as Name[]
  const running = new Map<Name, Promise<void>>()
  const stopping = new AbortController()
  const wake = (name: Name) => {
    const before = running.get(name) ?? Promise.resolve()
    const turn = before
      .then(() => (stopping.signal.aborted ? undefined : tasks[name].run(stopping.signal)))
      .catch((error: unknown) => log.warn(`The background task "${name}" failed; it is tried again.`, { error }))
    running.set(name, turn)
    return turn
  }
  const timers = names.map((name) => setInterval(() => wake(name), tasks[name].interval).unref())
  return {
    wake,
    async stop() {
      for (const timer of timers) clearInterval(timer)
      stopping.abort()
      await Promise.all(running.values())
    },
  }
}
