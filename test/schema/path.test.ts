import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { resolvePath } from '../../src/schema/path.ts'
import { runs } from '../runs.ts'
import { enterpriseUrn, everything, extensionUrn, group, provisioningUrn, registry, user } from './registry-of-tests.ts'

function canonical(type: typeof user, path: string): string | undefined {
  const target = resolvePath(type, path)
  if (target === undefined) return undefined
  return target.kind === 'extension' ? target.schema : (target.subAttribute ?? target.attribute).path
}

describe('a path', () => {
  test('R47 R101 is found whatever its case', () => {
    assert.equal(canonical(user, 'USERNAME'), 'userName')
    assert.equal(canonical(user, 'Name.GivenName'), 'name.givenName')
    assert.equal(canonical(user, 'emails.value'), 'emails.value')
  })

  test('R100 may have the URN of the core schema or of an extension in front; its dots separate nothing', () => {
    assert.equal(canonical(user, 'urn:ietf:params:scim:schemas:core:2.0:User:userName'), 'userName')
    assert.equal(canonical(user, 'urn:ietf:params:scim:schemas:core:2.0:User:name.familyName'), 'name.familyName')
    assert.equal(canonical(user, `${enterpriseUrn.toUpperCase()}:MANAGER.VALUE`), `${enterpriseUrn}:manager.value`)
    assert.equal(canonical(everything, `${extensionUrn}:extString`), `${extensionUrn}:extString`)
  })

  test('R100 may be an extension alone', () => {
    assert.deepEqual(resolvePath(user, enterpriseUrn.toLowerCase()), { kind: 'extension', schema: enterpriseUrn })
    assert.equal(resolvePath(user, user.schema), undefined)
  })

  test('of an extension is found without its URN when no other attribute has the name', () => {
    assert.equal(canonical(user, 'department'), `${enterpriseUrn}:department`)
    assert.equal(canonical(user, 'identities.subject'), `${provisioningUrn}:identities.subject`)
  })

  test('leads to common attributes of every type and to $ref', () => {
    for (const type of registry.resourceTypes) {
      for (const path of ['id', 'externalId', 'schemas', 'meta', 'meta.resourceType', 'meta.created', 'meta.version']) {
        assert.equal(canonical(type, path), path)
      }
    }
    assert.equal(canonical(group, 'members.$ref'), 'members.$ref')
  })

  test('R31 row 52 that names something inherited or unknown leads nowhere', () => {
    const paths = ['__proto__', '__proto__.x', 'constructor.name', 'toString', 'name.__proto__', 'name.constructor', '']
    const malformed = [
      '.',
      'name.',
      '.name',
      'name..givenName',
      'name.givenName.x',
      'userName.x',
      'emails[type eq "x"]',
    ]
    const urns = ['urn:', `${enterpriseUrn}:`, `${enterpriseUrn}x:department`, `${enterpriseUrn}.department`, 'urn:x:y']
    const foreign = [
      'displayName:x',
      `${enterpriseUrn}:userName`,
      'urn:ietf:params:scim:schemas:core:2.0:Group:members',
    ]
    for (const path of [...paths, ...malformed, ...urns, ...foreign]) {
      assert.equal(resolvePath(user, path), undefined, path)
    }
  })

  test('of every attribute leads back to it', () => {
    for (const type of registry.resourceTypes) {
      for (const attribute of type.attributes) {
        assert.equal(canonical(type, attribute.path), attribute.path)
        for (const sub of attribute.subAttributes) assert.equal(canonical(type, sub.path), sub.path)
      }
      for (const attributes of type.extensionAttributes.values()) {
        for (const attribute of attributes.values()) assert.equal(canonical(type, attribute.path), attribute.path)
      }
    }
  })

  test('never makes the reading fail, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (path) => void resolvePath(user, path)),
      { numRuns: runs(100) },
    )
  })

  test('of 10 KB is read at once (row 53)', () => {
    const start = performance.now()
    for (const path of ['a'.repeat(10_240), 'urn:'.repeat(2_560), '.'.repeat(10_240)]) resolvePath(user, path)
    assert.ok(performance.now() - start < 2_000)
  })
})
