/**
 * The test command: type check, lint, then every test file against one database server of its own.
 * `npm test -- test/filter` runs the test files of a folder, a file, or a pattern, without the checks before.
 */
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEmbedded } from '../src/store/embedded/server.ts'
import { processesOf } from './together.ts'

interface Outcome {
  readonly passed: number
  readonly failed: number
}

/** Bytes that the databases of a whole run may take, and everything else that tests write. */
const roomNeeded = 6 * 1024 ** 3

const root = fileURLToPath(new URL('..', import.meta.url))
const env: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
}

process.chdir(root)
process.exitCode = await main(process.argv.slice(2))

async function main(patterns: readonly string[]): Promise<number> {
  const files = patterns.length === 0 ? globSync('test/**/*.test.ts') : patterns.flatMap(filesOf)
  if (files.length === 0) {
    console.error(`No test file matches ${patterns.join(' ')}`)
    return 1
  }
  const checks = patterns.length === 0 ? await runChecks() : { passed: 0, failed: 0 }
  const folder = mkdtempSync(join(temporaryFolder(), 'usher-test-'))
  const tests = await withDatabase(folder, (uri) => runTests(files, folder, uri)).finally(() =>
    rmSync(folder, { recursive: true, force: true }),
  )
  if (typeof tests === 'string') {
    console.error(`The tests have not run, because there is no database: ${tests}`)
    return 1
  }
  console.log(`\n${tests.passed + checks.passed} passed, ${tests.failed + checks.failed} failed`)
  return tests.failed + checks.failed === 0 ? 0 : 1
}

function filesOf(pattern: string): string[] {
  if (existsSync(pattern) && statSync(pattern).isDirectory()) return globSync(join(pattern, '**/*.test.ts'))
  return globSync(pattern)
}

/** Each check counts like a test: all of them run, so that one run shows everything. */
async function runChecks(): Promise<Outcome> {
  const checks = [
    { name: 'Type check', command: ['tsc', '--noEmit'] },
    { name: 'Lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  ] as const
  let failed = 0
  for (const { name, command } of checks) {
    const { code } = await run(command[0], command.slice(1))
    console.log(`${name}: ${code === 0 ? 'passed' : 'failed'}`)
    if (code !== 0) failed += 1
  }
  return { passed: checks.length - failed, failed }
}

/** Gives `use` a server that keeps its data in the folder and ends afterwards; says why when there is none. */
async function withDatabase(folder: string, use: (uri: string) => Promise<Outcome>): Promise<Outcome | string> {
  const given = process.env.USHER_TEST_MONGODB_URI
  if (given) return use(given)
  const onProgress = (line: string) => console.log(line)
  const options = { dataDir: folder, binary: env.USHER_MONGOD, onProgress, testCommands: true }
  const server = await startEmbedded(options).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  )
  if (typeof server === 'string') return server
  try {
    return await use(server.uri)
  } finally {
    await server.stop()
  }
}

/** In memory where there is room: a database flushes every commit, and a disk would have every test wait for that. */
function temporaryFolder(): string {
  const memory = '/dev/shm'
  if (process.env.TMPDIR !== undefined || !existsSync(memory)) return tmpdir()
  const { bavail, bsize } = statfsSync(memory)
  return bavail * bsize > roomNeeded ? memory : tmpdir()
}

async function runTests(files: readonly string[], folder: string, uri: string): Promise<Outcome> {
  const options = [
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${availableParallelism()}`,
    '--test-timeout=300000',
  ]
  const { code, output } = await run(process.execPath, [...options, ...processesOf(files, folder)], {
    ...env,
    NODE_ENV: 'test',
    // What tests write goes with the folder.
    TMPDIR: folder,
    // Every process of the tests loads the whole of Usher.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules/.cache/node'),
    USHER_TEST_MONGODB_URI: uri,
  })
  const { passed, failed } = countTests(output)
  // A runner that ends badly without naming a failed test has failed all the same.
  return { passed, failed: code === 0 ? failed : Math.max(1, failed) }
}

/** Reads the report. A file that shares a process is a test in it, and counts only when it has failed by itself. */
function countTests(output: string): Outcome {
  const count = (name: string) => Number(new RegExp(`^\\S+ ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0)
  const [report = '', failures = ''] = output.split('failing tests:')
  const files = (mark: string, text: string) =>
    text.match(new RegExp(`^${mark} \\S+\\.test\\.ts \\(`, 'gm'))?.length ?? 0
  return {
    passed: count('pass') - files('✔', report),
    failed: count('fail') + count('cancelled') - files('✖', report) + files('✖', failures),
  }
}

/** Runs a command, shows what it writes, and keeps it. A signal to us is handed on to it. */
async function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = env) {
  const child = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
  const forward = (signal: NodeJS.Signals) => child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text)
    output += text
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve)
  })
  process.off('SIGINT', forward).off('SIGTERM', forward)
  return { code, output }
}
