import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { enterpriseUrn, user } from '../schema/registry-of-tests.ts'
import { device, isRefusal, patch, router } from './patching.ts'

const anna = { userName: 'anna', name: { givenName: 'A' }, emails: [{ value: 'a@b', type: 'work' }] }

describe('operations of one request', () => {
  test('R94 are applied in order, each to the result of the one before', () => {
    const { resource } = patch(user, anna, [
      { op: 'add', path: 'emails', value: [{ value: 'c@d', type: 'home' }] },
      { op: 'replace', path: 'emails[type eq "home"].value', value: 'e@f' },
      { op: 'remove', path: 'emails[type eq "work"]' },
      { op: 'add', path: 'emails[value eq "e@f"].primary', value: true },
    ])
    assert.deepEqual(resource, { ...anna, emails: [{ value: 'e@f', type: 'home', primary: true }] })
  })

  test('R94 row 64: count all or not at all', () => {
    const original = structuredClone(anna)
    const operations = [
      { op: 'replace', path: 'name.givenName', value: 'B' },
      { op: 'add', path: 'emails', value: [{ value: 'x' }] },
      { op: 'replace', path: 'emails[type eq "none"].value', value: 'x' },
      { op: 'remove', path: 'emails' },
      { op: 'replace', path: 'title', value: 'T' },
    ]
    assert.throws(() => patch(user, anna, operations), isRefusal('no_target'))
    assert.deepEqual(anna, original)
  })

  test('R96 are judged by the result as a whole', () => {
    const without = [{ op: 'replace', path: 'ports', value: [{ type: 'x', address: 'A', value: 'eth9' }] }]
    assert.deepEqual(patch(device, router, without).resource.ports, [{ value: 'eth9', type: 'x', address: 'A' }])
    const owner = [{ op: 'add', path: 'owner.name', value: 'N' }]
    assert.throws(() => patch(device, router, owner), isRefusal('invalid_value'))
    const complete = [...owner, { op: 'add', path: 'owner.desk', value: 'D' }]
    assert.deepEqual(patch(device, router, complete).resource.owner, { name: 'N', desk: 'D' })
    const wrong = { ...router, owner: { name: 'N' } }
    assert.equal(
      patch(device, wrong, [{ op: 'remove', path: 'model' }]).resource,
      wrong,
      'what is stored stays as it is',
    )
  })

  test('R96 leave one primary value at most', () => {
    const emails = [{ value: 'a', primary: true }, { value: 'b' }]
    const operations = [{ op: 'replace', path: 'emails[value eq "b"].primary', value: true }]
    assert.deepEqual(patch(user, { userName: 'a', emails }, operations).resource.emails, [
      { value: 'a', primary: false },
      { value: 'b', primary: true },
    ])
  })

  test('R97 that change nothing give the same resource', () => {
    const result = patch(user, anna, [
      { op: 'replace', path: 'name', value: { givenName: 'A' } },
      { op: 'add', path: 'title', value: 'T' },
      { op: 'remove', path: 'title' },
    ])
    assert.equal(result.changed, false)
    assert.equal(result.resource, anna)
  })

  test('share with the original what they did not change', () => {
    const { resource } = patch(user, anna, [{ op: 'add', path: 'title', value: 'T' }])
    assert.equal(resource.name, anna.name)
    assert.equal(resource.emails, anna.emails)
  })

  test('are reported in canonical form, whether they changed something or not', () => {
    const { operations } = patch(user, anna, [
      { op: 'Add', value: { 'NAME.givenname': 'A' } },
      { op: 'replace', path: `${enterpriseUrn.toUpperCase()}:Department`, value: 'D' },
    ])
    assert.deepEqual(
      operations.map(({ op, path, value }) => [op, path.canonical, value]),
      [
        ['add', 'name.givenName', 'A'],
        ['replace', `${enterpriseUrn}:department`, 'D'],
      ],
    )
  })

  test('row 68: a list grows to 1,000 values and no further', () => {
    const values = (count: number) => Array.from({ length: count }, (_, index) => ({ value: `${index}@x` }))
    const full = { userName: 'a', emails: values(1_000) }
    assert.equal(patch(user, full, [{ op: 'add', path: 'emails', value: values(1_000) }]).changed, false)
    assert.throws(
      () => patch(user, full, [{ op: 'add', path: 'emails', value: [{ value: 'y' }] }]),
      isRefusal('invalid_value'),
    )
  })

  test('take bounded time on long lists, or are refused', () => {
    const values = Array.from({ length: 1_000 }, (_, index) => ({ value: `${index}@x` }))
    const long = { userName: 'a', emails: values }
    const started = performance.now()
    const adds = Array.from({ length: 50 }, () => ({ op: 'add', path: 'emails', value: values }))
    assert.equal(patch(user, long, adds).changed, false)
    const each = values.map(({ value }) => ({ op: 'replace', path: `emails[value eq "${value}"].type`, value: 'work' }))
    assert.equal(patch(user, long, each).changed, true)
    const filter = Array.from({ length: 100 }, (_, index) => `type co "${index}"`).join(' or ')
    const searches = Array.from({ length: 600 }, () => ({ op: 'remove', path: `emails[${filter}]` }))
    assert.throws(() => patch(user, long, searches), isRefusal('too_many'))
    assert.ok(performance.now() - started < 15_000)
  })
})
