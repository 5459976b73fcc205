/** A file system that is quickly full. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly folder: string
  /** Leaves no byte free. */
  readonly fill: () => void
  /** Gives the space back. */
  readonly free: () => void
  readonly remove: () => void
}

/** Gives the reason, in words, where none can be made: it takes the right to mount. */
export function makeSmallDisk(megabytes: number): SmallDisk | string {
  const folder = mkdtempSync(join(tmpdir(), 'usher-small-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    rmdirSync(folder)
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
    return `a small file system cannot be mounted: ${said || String(error)}`
  }
  const remove = () => {
    execFileSync('umount', ['-l', folder])
    rmdirSync(folder)
  }
  process.once('exit', remove)
  const ballast = join(folder, 'ballast')
  return {
    folder,
    fill() {
      const file = openSync(ballast, 'a')
      try {
        for (let piece = Buffer.alloc(1 << 20); piece.length > 0; ) {
          const written = writeSome(file, piece)
          // Where a large piece does not fit, a smaller one may.
          if (written < piece.length) piece = piece.subarray(0, Math.floor(piece.length / 2))
        }
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(ballast, { force: true }),
    remove() {
      process.off('exit', remove)
      remove()
    },
  }
}

function writeSome(file: number, piece: Buffer): number {
  try {
    return writeSync(file, piece)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return 0
    throw error
  }
}
