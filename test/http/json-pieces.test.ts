import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { UsherError } from '../../src/errors.ts'
import { bodyLimits } from '../../src/http/body-limits.ts'
import { parseInPieces } from '../../src/http/json-pieces.ts'
import { runs } from '../runs.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

function inPieces(text: string, length: number, limits = bodyLimits): Promise<unknown> {
  const reading = { limits, decode: (bytes: Uint8Array) => decoder.decode(bytes), parse: JSON.parse, length }
  return parseInPieces(new TextEncoder().encode(text), reading)
}

/** What `JSON.parse` makes of it; undefined if it is not JSON. */
function asAWhole(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function assertSame(text: string, length: number): Promise<void> {
  const expected = asAWhole(text)
  if (expected === undefined) {
    await assert.rejects(
      inPieces(text, length),
      (error) => error instanceof UsherError && error.code === 'invalid_syntax',
    )
  } else assert.deepEqual(await inPieces(text, length), expected)
}

const isSafe = (text: string) => text.isWellFormed() && !/__proto__|constructor|prototype/.test(text)
const json = fc.json({ maxDepth: 5 }).filter(isSafe)
const spaced = fc.tuple(json, fc.nat(3)).map(([text, indent]) => JSON.stringify(JSON.parse(text), null, indent))
const length = fc.integer({ min: 1, max: 40 })

describe('JSON that is read in pieces', () => {
  it('is what JSON.parse makes of it', async () => {
    await fc.assert(fc.asyncProperty(spaced, length, assertSame), { numRuns: runs(300) })
  })

  it('is refused where JSON.parse refuses it', async () => {
    const place = fc.nat(200)
    const noise = fc.constantFrom('', ',', '[', ']', '{', '}', '"', ':', ' ', '\\', '1', ',,', '[]', '\n', 'é')
    const broken = fc.tuple(json, place, fc.nat(2), noise).map(([text, at, cut, more]) => {
      const start = at % (text.length + 1)
      return text.slice(0, start) + more + text.slice(start + cut)
    })
    await fc.assert(fc.asyncProperty(broken.filter(isSafe), length, assertSame), { numRuns: runs(1_000) })
  })

  for (const text of [
    '[1,]',
    '[,1]',
    '[1,,2]',
    '[ , ]',
    '[]]',
    '[[]',
    '{"a":1,}',
    '{"a":1 "b":2}',
    '{"a" 1}',
    '{a:1}',
    '[1}',
    '{"a":[1,2,3]],"b":[4}',
    '[1],[2]',
    '{"aaaa":1}{"b":2}',
    '["unclosed]',
    '{"a":1,"a":[1,2,3,4]}',
    '{"a":[1,2,3,4],"a":2}',
    '[          ]',
    '{          }',
    '{"é":"ü\\"],[","b\\\\":[1,2,3]}',
    '"a long text alone"',
    '',
  ]) {
    it(`reads or refuses ${text === '' ? 'nothing' : text} as a whole would be`, async () => {
      for (let pieces = 1; pieces <= text.length + 1; pieces += 1) await assertSame(text, pieces)
    })
  }

  const limits = { ...bodyLimits, elements: 10, members: 5, depth: 3 }
  const refusals = {
    'a list that is too long': ['payload_too_large', JSON.stringify(Array.from({ length: 11 }, (_, index) => index))],
    'a list within it': ['payload_too_large', JSON.stringify({ a: Array.from({ length: 11 }, () => [1, 2, 3]) })],
    'too many members': ['invalid_syntax', '{"a":1,"b":[1,2,3],"c":3,"d":{"long":"name"},"e":5,"f":6}'],
    'what is nested too deeply': ['invalid_syntax', '{"a":[{"b":[1,2,3]}]}'],
    'the name of a prototype': ['invalid_syntax', '{"a":1,"__proto__":{"long":"value","more":1}}'],
    'half of a surrogate pair': ['invalid_syntax', '["fine","fine","\\ud800"]'],
  } as const
  for (const [what, [code, text]] of Object.entries(refusals)) {
    it(`refuses ${what}, however it is cut`, async () => {
      for (let pieces = 1; pieces <= text.length; pieces += 1) {
        await assert.rejects(
          inPieces(text, pieces, limits),
          (error) => error instanceof UsherError && error.code === code,
        )
      }
    })
  }

  it('lets others have their turn', async () => {
    const text = JSON.stringify({
      members: Array.from({ length: 60_000 }, (_, index) => ({ value: `member-${index}` })),
    })
    let turns = 0
    const timer = setInterval(() => {
      turns += 1
    }, 0)
    const reading = inPieces(text, 65_536, { ...bodyLimits, elements: 100_000 })
    const body = (await reading) as { readonly members: readonly unknown[] }
    clearInterval(timer)
    assert.equal(body.members.length, 60_000)
    assert.ok(turns > 0)
  })
})
