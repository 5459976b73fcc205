import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** Whether a process with this id exists, whoever owns it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/**
 * When the process began, in a form that is only good for comparing. Process ids are used again (in a container
 * the same program gets the same id at every start), so an id alone does not say that the process still lives.
 */
export function startOf(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') return ask(pid, 'lstart=')
    // The second field is the program's name in brackets and may contain anything; field 22 is the start in ticks.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields?.[19]}`
  } catch {
    return undefined
  }
}

/** The command line of a process; undefined when it cannot be read. */
export function commandOf(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') return ask(pid, 'command=')
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return undefined
  }
}

/** Asks a process to end, insists after `patience` milliseconds, and waits until it is gone. */
export async function endProcess(pid: number, patience = 15_000): Promise<void> {
  signal(pid, 'SIGTERM')
  const insistAt = Date.now() + patience
  let insisted = false
  while (isRunning(pid)) {
    if (!insisted && Date.now() > insistAt) {
      signal(pid, 'SIGKILL')
      insisted = true
    }
    await delay(25)
  }
}

/** Sends a signal to a process that may be gone already. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended in the meantime, which is what was wanted.
  }
}

function ask(pid: number, column: string): string | undefined {
  return execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
}
