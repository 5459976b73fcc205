/** The command line of `scim2-tester`, a conformance checker by others, fetched from PyPI into a folder of the cache. */
import { spawn } from 'node:child_process'
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What decides the checks is pinned, so that a release of theirs is no change of ours. */
const pinned = ['scim2-cli==0.6.0', 'scim2-tester==0.5.2', 'scim2-client==0.13.2', 'scim2-models==0.12.3']
/** Milliseconds for the whole of a download; pip gives up earlier where nothing answers. */
const patience = 150_000

/** One check and how it ended. */
export interface Check {
  readonly status: string
  readonly title: string
  readonly reason: string
}

/** The folder of Python packages. @throws Error saying why there is none: no Python, no pip, no way to PyPI */
export async function installScim2(): Promise<string> {
  const version = (await run('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])).output.trim()
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'usher')
  const folder = join(cache, `${pinned[0]}-python${version}`)
  if (await exists(folder)) return folder
  await mkdir(cache, { recursive: true })
  // Packages are put into place as a whole, so that two runs at once, or one that is killed, do no harm.
  const parts = await mkdtemp(join(cache, '.scim2-'))
  try {
    const options = ['--quiet', '--no-input', '--disable-pip-version-check', '--timeout', '15', '--retries', '1']
    const { code, output } = await run('python3', ['-m', 'pip', 'install', ...options, '--target', parts, ...pinned])
    if (code !== 0) throw new Error(output.trim().split('\n').at(-1) || `pip has ended with ${code ?? 'a signal'}`)
    await rename(parts, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error
    })
  } finally {
    await rm(parts, { recursive: true, force: true })
  }
  return folder
}

/** Runs every check against a SCIM base URL. @throws Error when it has not come to checks */
export async function runScim2(folder: string, url: string, token: string): Promise<readonly Check[]> {
  // The environment, unlike the command line, is not shown to other users of the machine.
  const environment = { PYTHONPATH: folder, NO_COLOR: '1', SCIM_CLI_HEADERS: `Authorization: Bearer ${token}` }
  const command = ['-c', 'from scim2_cli import cli; cli()', '--url', url, 'test']
  const { output } = await run('python3', command, environment)
  const checks = readChecks(output)
  if (checks.length === 0) throw new Error(`scim2 has checked nothing: ${output}`)
  return checks
}

/** A line for each check, and the reason below it, which may have several lines. */
function readChecks(output: string): readonly Check[] {
  const ends = /^(SUCCESS|COMPLIANT|ACCEPTABLE|DEVIATION|ERROR|CRITICAL|SKIPPED) (\S+)$/m
  const [, ...parts] = output.split(ends)
  return Array.from({ length: parts.length / 3 }, (_, index) => {
    const [status = '', title = '', reason = ''] = parts.slice(3 * index)
    return { status, title, reason: reason.trim() }
  })
}

async function run(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(command, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patience,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  return { code, output }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
