import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { normaliseElement, normaliseValue } from '../../src/schema/normalise-value.ts'
import { resolvePath } from '../../src/schema/path.ts'
import type { ResourceType } from '../../src/schema/types.ts'
import { validateResource } from '../../src/schema/validate.ts'
import { dialects } from '../../src/scim/dialects.ts'
import { enterpriseUrn, everything, extensionUrn, group, refuses, user } from './registry-of-tests.ts'

const options = { switches: dialects.rfc, note: () => {} }

function value(type: ResourceType, path: string, input: unknown) {
  const target = resolvePath(type, path)
  assert.ok(target?.kind === 'attribute')
  return normaliseValue(type, target.attribute, target.subAttribute, input, options)
}

describe('the value of one attribute', () => {
  test('is checked like that of a body', () => {
    assert.equal(value(user, 'active', 'True'), true)
    assert.equal(value(user, 'name.givenName', 'A'), 'A')
    assert.deepEqual(value(user, 'emails', { VALUE: 'a@b' }), [{ value: 'a@b' }])
    assert.deepEqual(value(user, `${enterpriseUrn}:manager`, 'm'), { value: 'm' })
    refuses(() => value(user, 'name', 'Anna'), 'invalid_value', /"name"/)
    refuses(() => value(user, 'userName', 'a\u200bb'), 'invalid_value')
    refuses(() => value(user, 'emails.primary', 'maybe'), 'invalid_value', /"emails.primary"/)
    refuses(() => value(user, 'name', JSON.parse('{"__proto__": 1}')), 'invalid_syntax')
  })

  test('is undefined when it means no value', () => {
    for (const nothing of [null, '', [], undefined]) assert.equal(value(user, 'title', nothing), undefined)
    assert.equal(value(user, 'name', {}), undefined)
    assert.equal(value(user, 'emails', [{ value: '', type: 'work' }]), undefined)
    assert.equal(value(user, 'password', 'secret'), undefined)
  })

  test('R111 with two primary elements is refused', () => {
    const two = [
      { value: 'a', primary: true },
      { value: 'b', primary: true },
    ]
    refuses(() => value(user, 'emails', two), 'invalid_value')
  })

  test('keeps what is read only, for the caller to refuse, but never $ref', () => {
    assert.deepEqual(value(user, 'groups', [{ value: 'g', $ref: 'x' }]), [{ value: 'g' }])
    assert.deepEqual(value(user, 'meta', { version: 'x' }), { version: 'x' })
    assert.equal(value(group, 'members', [{ $ref: 'x' }]), undefined)
  })

  test('may lack what is required: it completes what is stored', () => {
    assert.deepEqual(value(group, 'members', [{ display: 'Anna' }]), [{ display: 'Anna' }])
    const emails = user.attributesByName.get('emails')!
    assert.deepEqual(normaliseElement(user, emails, { type: 'work' }, options), { type: 'work' })
    assert.equal(normaliseElement(user, emails, { value: null }, options), undefined)
  })
})

describe('R96 a resource as a whole', () => {
  const whole = { identifier: 'x', [extensionUrn]: { extRequired: 'y' } }

  test('passes with everything required', () => {
    validateResource(everything, whole)
    validateResource(user, { userName: 'a', [enterpriseUrn]: { department: 'D' } })
  })

  test('R84 R261 is refused without it', () => {
    refuses(() => validateResource(user, {}), 'invalid_value')
    refuses(() => validateResource(user, { userName: ' ' }), 'invalid_value')
    refuses(() => validateResource(everything, { identifier: 'x' }), 'invalid_value')
    refuses(() => validateResource(everything, { ...whole, [extensionUrn]: { extString: 'a' } }), 'invalid_value')
    refuses(() => validateResource(group, { displayName: 'g', members: [{ type: 'User' }] }), 'invalid_value')
  })

  test('R52 is refused with two primary values or more than 1,000', () => {
    const values = Array.from({ length: 1_001 }, (_, index) => ({ value: `${index}` }))
    refuses(() => validateResource(user, { userName: 'a', emails: values }), 'invalid_value')
    const primaries = [
      { value: 'a', primary: true },
      { value: 'b', primary: true },
    ]
    refuses(() => validateResource(user, { userName: 'a', emails: primaries }), 'invalid_value')
  })
})
