import { readFileSync } from 'node:fs'

/** Milliseconds of one tick, in which Linux tells processes each other's times. */
const tick = 10

/** CPU time that a process has used since it began, in milliseconds; NaN where the system does not say: it is not Linux. */
export function cpuTimeOf(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN
  // Fields 14 and 15 are the ticks in the program and in the system; the second is its name and may contain anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tick
}
