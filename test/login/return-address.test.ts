import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readReturnAddress, withDecision } from '../../src/login/return-address.ts'
import { runs } from '../runs.ts'

const origin = 'https://usher.example'
const registered = ['https://app.example/after-login', 'app.phone:/done']
const read = (address: string) => readReturnAddress(address, origin, registered)

describe('The address to return to (P8, hostile row 125)', () => {
  for (const [given, full] of [
    ['/', `${origin}/`],
    ['/home?tab=1', `${origin}/home?tab=1`],
    [`${origin}/home`, `${origin}/home`],
    ['https://app.example/after-login', 'https://app.example/after-login'],
    ['app.phone:/done', 'app.phone:/done'],
  ] as const) {
    it(`${given} is accepted`, () => assert.equal(read(given), full))
  }

  for (const given of [
    ...['//evil.example', '\\\\evil.example', '/\\evil.example', '\\/evil.example', '/\t/evil.example', '/\n/evil'],
    ...[
      'javascript:alert(1)',
      'JavaScript:alert(1)',
      'data:text/html,x',
      'https://evil.example',
      'http://usher.example/',
    ],
    ...['https://usher.example.evil.example/', 'https://usher.example@evil.example/', 'https://app.example/other', ''],
    ...[
      'https://app.example/after-login?x=1',
      'home',
      'https:evil.example',
      '/%0d%0aSet-Cookie:x\r\n',
      ' /home',
      '/höme',
    ],
  ]) {
    it(`row 125: ${JSON.stringify(given)} is refused`, () => {
      assert.throws(() => read(given), { code: 'invalid_request', status: 400 })
    })
  }

  it('row 125: a registered javascript address is refused all the same', () => {
    assert.throws(() => readReturnAddress('javascript:x', origin, ['javascript:x']), { code: 'invalid_request' })
  })

  it('row 125: whatever is accepted leads to this origin or a registered address', () => {
    const part = fc.constantFrom(
      '/',
      '\\',
      '//',
      'evil.example',
      '@',
      ':',
      'https',
      'http:',
      '.',
      '..',
      '?',
      '#',
      '%2f',
      '\t',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        let accepted: string
        try {
          accepted = read(parts.join(''))
        } catch {
          return true
        }
        return new URL(accepted).origin === origin || registered.includes(accepted)
      }),
      { numRuns: runs(2_000) },
    )
  })

  it('the reference of the decision is added', () => {
    assert.equal(withDecision(`${origin}/home?a=1#top`, '7F3K-22QM'), `${origin}/home?a=1&decision=7F3K-22QM#top`)
    assert.equal(withDecision(`${origin}/?decision=forged`, '7F3K-22QM'), `${origin}/?decision=7F3K-22QM`)
  })
})
