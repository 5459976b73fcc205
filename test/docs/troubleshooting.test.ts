import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { errorCatalogue } from '../../src/errors.ts'
import { readPage } from './blocks.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = readPage('docs/jit/troubleshooting.md')
const [, refusalPart = '', warningPart = '', rest = ''] =
  /^## Refusals$([\s\S]*)^## Warnings$([\s\S]*)^## No decision at all$([\s\S]*)/m.exec(page) ?? []

const codesOf = (part: string) => [...part.matchAll(/^#### `(\w+)`$/gm)].map(([, code = '']) => code)

/** The members of a union of text literals, as the source says them. */
function unionOf(file: string, name: string): readonly string[] {
  const text = readFileSync(`${root}${file}`, 'utf8')
  const [, union = ''] = new RegExp(`^export type ${name} =\\n((?: {2}\\| '\\w+'\\n)+)`, 'm').exec(text) ?? []
  return [...union.matchAll(/'(\w+)'/g)].map(([, member = '']) => member)
}

/** Every sentence that the code may say, as a pattern: what is filled in may be anything. */
function sentencePatterns(): readonly RegExp[] {
  const files = globSync('src/{provisioning,directory}/**/*.ts', { cwd: root })
  const literals = files.flatMap((file) => {
    const text = readFileSync(`${root}${file}`, 'utf8')
    return [...text.matchAll(/'([^'\n]{12,})'|`([^`\n]{12,})`/g)].map(([, plain, template]) => template ?? plain ?? '')
  })
  const sentences = literals.map((literal) => literal.split(/\$\{[^}]*\}/))
  return sentences
    .filter((parts) => parts.join('').length >= 10)
    .map((parts) => new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')))
}

describe('The page of troubleshooting', () => {
  it('has every refusal of a login, and no other', () => {
    const codes = Object.keys(errorCatalogue)
    assert.deepEqual(codesOf(refusalPart).sort(), codes.slice(codes.indexOf('connection_disabled')).sort())
  })

  it('has every warning, and no other', () => {
    const warnings = unionOf('src/provisioning/types.ts', 'WarningCode')
    const own = warnings.filter((code) => code !== 'provisioning_failed')
    assert.ok(own.length >= 10)
    assert.deepEqual(codesOf(warningPart).sort(), own.sort())
  })

  it('says under each of them why, what to do, and what to ask', () => {
    const sections = `${refusalPart}${warningPart}`.split(/^#### /m).slice(1)
    const incomplete = sections.filter((section) => !/^> /m.test(section) || !/Ask:\s+`/.test(section))
    assert.deepEqual(
      incomplete.map((section) => section.split('\n')[0]),
      [],
    )
  })

  it('quotes sentences that decisions have', () => {
    const patterns = sentencePatterns()
    const quoted = [...page.matchAll(/^> (.+)$/gm)].map(([, quote = '']) => quote)
    assert.ok(quoted.length > 30)
    // a longer quotation is several sentences; each has been made somewhere
    const unsaid = quoted.filter((quote) => !patterns.some((pattern) => pattern.test(quote)))
    assert.deepEqual(unsaid, [])
  })

  it('has every reason for which a login is not genuine', () => {
    const reasons = unionOf('src/login/not-genuine.ts', 'NotGenuineReason')
    assert.ok(reasons.length > 10)
    assert.deepEqual(
      reasons.filter((reason) => !rest.includes(`\`${reason}\``)),
      [],
    )
  })
})
