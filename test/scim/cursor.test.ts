import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Position } from '../../src/directory/types.ts'
import { type ErrorCode, UsherError } from '../../src/errors.ts'
import { type CursorBinding, openCursor, sealCursor } from '../../src/scim/cursor.ts'
import { runs } from '../runs.ts'

const keys = [randomBytes(32)]
const now = new Date('2026-03-01T12:00:00Z')
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)
const binding: CursorBinding = {
  organization: 'org1',
  caller: 'scim:1',
  resourceType: 'User',
  filter: 'userName sw "a"',
  sortBy: 'userName',
  sortOrder: undefined,
}
const position: Position = { value: 'anna', type: 'User', id: 'u1', direction: 'forward' }
const place = { position, count: 10, total: 42 }

function refusal(run: () => unknown): { readonly code: ErrorCode; readonly detail: string } {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof UsherError)
    return { code: error.code, detail: error.detail }
  }
  assert.fail('it was accepted')
}

describe('RFC 9865: cursors', () => {
  it('R198 give back the place that was sealed', () => {
    const cursor = sealCursor(keys, binding, place, now)
    assert.deepEqual(openCursor(keys, binding, cursor, 10, later(600)), place)
    assert.deepEqual(openCursor(keys, binding, cursor, undefined, now), place)
  })

  it('R198 keep any sort value, a date or none', () => {
    const values = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.integer(),
      fc.boolean(),
      fc.date({ noInvalidDate: true }).map((date) => ({ date: date.toISOString() })),
      fc.constant(undefined),
    )
    fc.assert(
      fc.property(values, fc.constantFrom('forward', 'backward'), (value, direction) => {
        const sealed = sealCursor(
          keys,
          binding,
          { ...place, position: { value, type: 'User', id: 'x', direction } },
          now,
        )
        const opened = openCursor(keys, binding, sealed, 10, now).position
        assert.deepEqual([opened?.value, opened?.direction], [value, direction])
      }),
      { numRuns: runs(100) },
    )
  })

  it('R200 are made of letters, digits, hyphen and underscore only, and tell nothing of the sort value', () => {
    const cursor = sealCursor(keys, binding, place, now)
    assert.match(cursor, /^[A-Za-z0-9_-]+$/)
    assert.ok(!Buffer.from(cursor, 'base64url').includes('anna'))
    assert.notEqual(cursor, sealCursor(keys, binding, place, now))
  })

  it('R201 B46 of another organization, caller, type, filter or sort are invalid, all with one text', () => {
    const cursor = sealCursor(keys, binding, place, now)
    const others: Partial<CursorBinding>[] = [
      { organization: 'org2' },
      { caller: 'scim:2' },
      { resourceType: 'Group' },
      { filter: undefined },
      { sortBy: 'id' },
      { sortOrder: 'descending' },
    ]
    const texts = others.map((other) => {
      const { code, detail } = refusal(() => openCursor(keys, { ...binding, ...other }, cursor, 10, now))
      assert.equal(code, 'invalid_cursor', JSON.stringify(other))
      return detail
    })
    texts.push(refusal(() => openCursor(keys, binding, 'x'.repeat(10_240), 10, now)).detail)
    texts.push(refusal(() => openCursor([randomBytes(32)], binding, cursor, 10, now)).detail)
    assert.equal(new Set(texts).size, 1)
  })

  it('R201 B46 with any character changed, cut off or added are invalid', () => {
    const cursor = sealCursor(keys, binding, place, now)
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/.~']
    fc.assert(
      fc.property(fc.nat(cursor.length - 1), fc.constantFrom(...alphabet), fc.nat(2), (at, letter, how) => {
        const forged =
          how === 0 ? cursor.slice(0, at) : cursor.slice(0, at) + letter + cursor.slice(how === 1 ? at + 1 : at)
        fc.pre(forged !== cursor)
        assert.equal(refusal(() => openCursor(keys, binding, forged, 10, now)).code, 'invalid_cursor')
      }),
      { numRuns: runs(100) },
    )
  })

  it('R201 made up ones are invalid', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(refusal(() => openCursor(keys, binding, text, 10, now)).code, 'invalid_cursor')
      }),
      { numRuns: runs(100) },
    )
  })

  it('R201 expire ten minutes after they were given', () => {
    const cursor = sealCursor(keys, binding, place, now)
    assert.equal(refusal(() => openCursor(keys, binding, cursor, 10, later(601))).code, 'expired_cursor')
  })

  it('R201 with another count are an invalid count', () => {
    const cursor = sealCursor(keys, binding, place, now)
    assert.equal(refusal(() => openCursor(keys, binding, cursor, 11, now)).code, 'invalid_count')
  })

  it('are opened by an earlier key as long as it is kept', () => {
    const cursor = sealCursor(keys, binding, place, now)
    assert.deepEqual(openCursor([randomBytes(32), ...keys], binding, cursor, 10, now), place)
  })
})
