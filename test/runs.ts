/**
 * How often properties are tried. As a rule a fixed number of times, so that the suite takes as long every time; in the
 * long mode (`npm run test:fuzz`) as many times more as `USHER_TEST_RUNS` says, from the seed `USHER_TEST_SEED`.
 */
import fc from 'fast-check'

/** Milliseconds after which a property in the long mode is content with what it has tried. */
const longEnough = 120_000

const factor = readWhole('USHER_TEST_RUNS')

/** Where everything random begins; undefined: anywhere. */
export const seed = readWhole('USHER_TEST_SEED')

if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })
if (factor !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), interruptAfterTimeLimit: longEnough })

/** How often to try what is tried so often as a rule. */
export function runs(usual: number): number {
  return usual * (factor ?? 1)
}

function readWhole(name: string): number | undefined {
  const text = process.env[name]
  if (text === undefined || /^[0-9]{1,10}$/.test(text)) return text === undefined ? undefined : Number(text)
  throw new Error(`${name} is a whole number, not ${JSON.stringify(text)}.`)
}
