import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { resolveSort } from '../../src/filter/sort.ts'
import { extension, thing } from './directory.ts'
import { core, enterprise, user } from './people.ts'
import { refusal } from './refusal.ts'

const key = (sortBy: string) => resolveSort(user, sortBy)?.key

describe('finding the key of an order', () => {
  test('R186 ascending is the default, and another word than the two is refused', () => {
    assert.equal(resolveSort(user, undefined), undefined)
    assert.equal(resolveSort(user, 'userName')?.descending, false)
    assert.equal(resolveSort(user, 'userName', 'descending')?.descending, true)
    assert.throws(() => resolveSort(user, 'userName', 'up'), refusal('invalid_value'))
    assert.throws(() => resolveSort(user, undefined, ''), refusal('invalid_value'))
  })

  test('R189 a multi-valued attribute is sorted by its primary or first value', () => {
    assert.equal(key('emails'), 'search.sort.emails')
    assert.equal(key('emails.value'), 'search.sort.emails')
    assert.equal(key('addresses.locality'), 'search.sort.addresses.locality')
    assert.equal(resolveSort(thing, `${extension}:badges`)?.key, 'search.sort.more.badges')
    assert.equal(resolveSort(thing, 'tags')?.key, 'search.sort.tags')
  })

  test('R189 a complex attribute needs a sub-attribute', () => {
    for (const path of ['name', 'addresses', 'meta', enterprise]) {
      assert.throws(() => key(path), refusal('invalid_value'), path)
    }
  })

  test('R190 URNs, any case and sub-attributes of meta', () => {
    assert.equal(key(`${core}:NAME.familyname`), 'search.name.familyName')
    assert.equal(key('meta.lastModified'), 'search.meta.lastModified')
    assert.equal(key(`${enterprise}:department`), 'search.enterprise.department')
  })

  test('R190, row 42: unknown, unreturnable and unsortable attributes are refused', () => {
    for (const path of [
      'password',
      '_id',
      '$x',
      '',
      'nonsense',
      '__proto__',
      'emails.type',
      'photos',
      'schemas',
      'emails[type eq "work"]',
    ]) {
      assert.throws(() => key(path), refusal('invalid_value'), path)
    }
  })
})
