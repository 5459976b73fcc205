import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { UsherError } from '../../src/errors.ts'
import { createSealing, loadSealing, loadSealingKey } from '../../src/organizations/sealing.ts'
import { runs } from '../runs.ts'

const isUnreadable = (error: unknown) => error instanceof UsherError && error.code === 'internal_error'

test('what was sealed for an owner opens for that owner, whatever it is', () => {
  const { seal, open } = createSealing(randomBytes(32))
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (secret, owner) => {
      assert.equal(open(seal(secret, owner), owner), secret)
    }),
    { numRuns: runs(100) },
  )
})

test('a sealed text opens neither for another owner nor with another key nor after a change', () => {
  const { seal, open } = createSealing(randomBytes(32))
  const sealed = seal('secret', 'connection-1')
  assert.ok(!sealed.includes('secret'))
  assert.throws(() => open(sealed, 'connection-2'), isUnreadable)
  assert.throws(() => createSealing(randomBytes(32)).open(sealed, 'connection-1'), isUnreadable)
  assert.throws(
    () => open(`${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`, 'connection-1'),
    isUnreadable,
  )
  assert.throws(() => open('', 'connection-1'), isUnreadable)
})

test('the same secret is never sealed into the same text', () => {
  const { seal } = createSealing(randomBytes(32))
  assert.notEqual(seal('secret', 'x'), seal('secret', 'x'))
})

test('an older key opens what it has sealed, a newer one seals', () => {
  const [older, newer] = [randomBytes(32), randomBytes(32)]
  const rotated = createSealing(newer, [older])
  assert.equal(rotated.open(createSealing(older).seal('secret', 'x'), 'x'), 'secret')
  assert.equal(createSealing(newer).open(rotated.seal('secret', 'x'), 'x'), 'secret')
})

test('the key of a data folder is made once, for its owner only, by whoever comes first', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'usher-key-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const keys = await Promise.all([loadSealingKey(dataDir), loadSealingKey(dataDir), loadSealingKey(dataDir)])
  assert.equal(keys[0].length, 32)
  for (const key of keys) assert.deepEqual(key, keys[0])
  assert.equal((await stat(join(dataDir, 'secret.key'))).mode & 0o777, 0o600)
})

test('keys of the settings seal and open, and the key of the data folder opens what it sealed before', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'usher-key-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const [first, second] = [randomBytes(32), randomBytes(32)]
  const fresh = await loadSealing(dataDir, [first, second])
  assert.deepEqual(await readdir(dataDir), [], 'no key is made that nobody needs')
  assert.equal(fresh.open(createSealing(second).seal('secret', 'x'), 'x'), 'secret')
  const ofFolder = await loadSealing(dataDir, undefined)
  const sealed = ofFolder.seal('secret', 'x')
  assert.ok(ofFolder.isPresent(sealed))
  const later = await loadSealing(dataDir, [first])
  assert.equal(later.open(sealed, 'x'), 'secret')
  assert.equal(later.isPresent(sealed), false)
  assert.equal(createSealing(first).open(later.seal('secret', 'x'), 'x'), 'secret')
})
