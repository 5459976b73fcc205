/**
 * `npm run test:fuzz`: the properties of the suite with many more runs, from a seed that is printed. `npm run test:fuzz --
 * test/filter` takes those of a folder, a file or a pattern.
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const { USHER_TEST_RUNS = '20', USHER_TEST_SEED = String(randomInt(2 ** 31)) } = process.env
const given = process.argv.slice(2)
const patterns = given.length > 0 ? given : globSync('test/**/*.test.ts').filter(hasProperties)
const settings = `USHER_TEST_RUNS=${USHER_TEST_RUNS} USHER_TEST_SEED=${USHER_TEST_SEED}`

console.log(`Properties are tried ${USHER_TEST_RUNS} times as often: ${settings}`)
const { status } = spawnSync(process.execPath, [join(import.meta.dirname, 'run.ts'), ...patterns], {
  stdio: 'inherit',
  env: { ...process.env, USHER_TEST_RUNS, USHER_TEST_SEED },
})
if (status !== 0) console.error(`\nTo see it again: ${settings} npm run test:fuzz -- <the file that failed>`)
process.exitCode = status ?? 1

function hasProperties(file: string): boolean {
  return /\bruns\(/.test(readFileSync(file, 'utf8'))
}
