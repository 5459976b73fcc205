import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EmbeddedDatabaseError } from './problem.ts'
import { isRunning, startOf } from './processes.ts'

/** A data directory that this process has to itself until it calls `release`. */
export interface DataLock {
  readonly release: () => void
}

interface Holder {
  readonly pid: number
  readonly started?: string | undefined
}

/**
 * Takes the data directory for this process. A lock whose process has ended, however it ended, is taken over.
 *
 * @throws EmbeddedDatabaseError when another living process holds it.
 */
export function lockDataDirectory(dataDir: string): DataLock {
  const path = join(dataDir, 'usher.lock')
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) } satisfies Holder)
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (create(path, mine)) return { release: () => read(path) === mine && rmSync(path, { force: true }) }
    const found = read(path)
    const holder = found === undefined ? undefined : parse(found)
    if (holder && isAlive(holder)) {
      throw new EmbeddedDatabaseError(
        `The data directory ${dataDir} is in use by process ${holder.pid}. Stop that process, or name another ` +
          'directory with USHER_DATA_DIR.',
      )
    }
    if (found !== undefined) removeStale(path, found)
  }
  throw new EmbeddedDatabaseError(`The data directory ${dataDir} cannot be locked: ${path} keeps changing.`)
}

/** A link appears with its content complete, or not at all; a file opened for writing is empty for a moment. */
function create(path: string, content: string): boolean {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, content, { mode: 0o600 })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Removes the stale lock that was read, and no other: a rival may have replaced it by its own in the meantime. */
function removeStale(path: string, expected: string): void {
  const aside = `${path}.${process.pid}.stale`
  try {
    renameSync(path, aside)
    if (read(aside) !== expected) linkSync(aside, path)
  } catch {
    // The rival was faster; the next attempt looks again.
  } finally {
    rmSync(aside, { force: true })
  }
}

function isAlive(holder: Holder): boolean {
  if (!isRunning(holder.pid)) return false
  const started = startOf(holder.pid)
  return started === undefined || holder.started === undefined || started === holder.started
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function parse(content: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(content)
    if (typeof value !== 'object' || value === null || !('pid' in value)) return undefined
    if (typeof value.pid !== 'number' || !Number.isSafeInteger(value.pid) || value.pid <= 0) return undefined
    return {
      pid: value.pid,
      started: 'started' in value && typeof value.started === 'string' ? value.started : undefined,
    }
  } catch {
    return undefined
  }
}
