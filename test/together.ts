/**
 * Which test files run in one process. To load Usher and to warm it up costs more than most files do, so they share
 * processes: each file is a test of its process, after the one before it and its `after` hooks.
 */
import { writeFileSync } from 'node:fs'
import { join, matchesGlob, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Files that need a process for themselves, and what of it they take. */
const alone: readonly string[] = [
  // Time: a process dies, a server stands still, and whoever waits for it keeps the others waiting.
  'test/faults/**',
  'test/embedded/**',
  'test/cli/**',
  'test/blackbox/scim2-tester.test.ts',
  // Memory: what is held is measured.
  'test/blackbox/scim-hundred-thousand.test.ts',
  'test/blackbox/limits.test.ts',
  // The one tracer that OpenTelemetry has in a process.
  'test/blackbox/tracing.test.ts',
]

/** How many share a process: few enough that no processor is left without work at the end. */
const most = 12

/** Milliseconds that a file may take, however busy the machine is. */
const patience = 900_000

/**
 * Gives one file for each process, written into `folder`. They run in the order of their names: those that wait a lot
 * are in turn with those that have a lot to do.
 */
export function processesOf(files: readonly string[], folder: string): readonly string[] {
  if (files.length === 1) return files
  const sorted = files.toSorted()
  const sharing = sorted.filter((file) => !alone.some((pattern) => matchesGlob(file, pattern)))
  const single = sorted.filter((file) => !sharing.includes(file)).map((file) => [file])
  const count = Math.ceil(sharing.length / most)
  const together = Array.from({ length: count }, (_, index) => {
    const [begin, end] = [index, index + 1].map((share) => Math.round((share * sharing.length) / count))
    return sharing.slice(begin, end)
  })
  const inTurn = Array.from({ length: Math.max(count, single.length) }, (_, index) => [single[index], together[index]])
  return inTurn
    .flat()
    .filter((process) => process !== undefined)
    .map((process, index) => {
      const path = join(folder, `process-${String(index + 1).padStart(3, '0')}.mjs`)
      writeFileSync(path, textOf(process))
      return path
    })
}

function textOf(files: readonly string[]): string {
  const urlOf = (path: string) => JSON.stringify(pathToFileURL(resolve(path)).href)
  const tests = files.map(
    (file) => `test(${JSON.stringify(file)}, { timeout: ${patience} }, () => import(${urlOf(file)}))`,
  )
  if (files.length === 1) return [`import { test } from 'node:test'`, ...tests, ''].join('\n')
  return [
    `import { after, test } from 'node:test'`,
    `import { reuseDatabases } from ${urlOf(join(import.meta.dirname, 'database.ts'))}`,
    'after(reuseDatabases())',
    ...tests,
    '',
  ].join('\n')
}
