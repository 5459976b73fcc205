import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRegistry } from '../../src/schema/registry.ts'
import type { AttributeDefinition } from '../../src/schema/types.ts'
import {
  enterpriseUrn,
  everything,
  extensionUrn,
  group,
  provisioningUrn,
  refuses,
  registry,
  user,
} from './registry-of-tests.ts'
import { attribute, coreUrn, create, schema, thing } from './things.ts'

describe('the registry', () => {
  test('R10 R13 shows the schemas that resource types use and those of the discovery documents', () => {
    const shown = registry.schemas.map(({ id }) => id)
    for (const type of registry.resourceTypes) {
      for (const urn of [type.schema, ...type.extensions.map((extension) => extension.schema)]) {
        assert.ok(shown.includes(urn), urn)
      }
    }
    for (const name of ['ServiceProviderConfig', 'Schema', 'ResourceType']) {
      assert.ok(shown.includes(`urn:ietf:params:scim:schemas:core:2.0:${name}`), name)
    }
    assert.ok(shown.includes(provisioningUrn))
  })

  test('R10 finds a schema whatever the case of its URN, and none that no resource type uses', () => {
    assert.equal(registry.schemaOf(enterpriseUrn.toUpperCase())?.id, enterpriseUrn)
    assert.equal(registry.schemaOf('urn:example:unknown'), undefined)
    const unused = schema('urn:example:1.0:Unused', attribute('a'))
    const small = createRegistry({ schemas: [schema(coreUrn, attribute('a')), unused], resourceTypes: [thing()] })
    assert.equal(small.schemaOf(unused.id), undefined)
    assert.deepEqual(
      small.schemas.map(({ id }) => id),
      [coreUrn],
    )
  })

  test('R9 describes each resource type under its name', () => {
    for (const document of registry.resourceTypeDocuments) {
      assert.equal(document.id, document.name)
      assert.deepEqual(document.schemas, ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'])
    }
  })

  test('R11 every attribute of every schema is described in full', () => {
    const check = (definition: AttributeDefinition, where: string): void => {
      for (const name of ['name', 'type', 'description', 'mutability', 'returned', 'uniqueness'] as const) {
        assert.equal(typeof definition[name], 'string', `${where} ${name}`)
      }
      for (const name of ['multiValued', 'required', 'caseExact'] as const) {
        assert.equal(typeof definition[name], 'boolean', `${where} ${name}`)
      }
      for (const sub of definition.subAttributes ?? []) check(sub, `${where}.${sub.name}`)
    }
    for (const { id, attributes } of registry.schemas) for (const one of attributes) check(one, `${id}:${one.name}`)
  })

  test('RFC 7643 8.7.1 is corrected: primary addresses, display of members, a required name of groups', () => {
    assert.ok(user.attributesByName.get('addresses')?.subAttributesByName.has('primary'))
    assert.ok(user.attributesByName.get('ims')?.subAttributesByName.get('type')?.canonicalValues.includes('other'))
    assert.ok(group.attributesByName.get('members')?.subAttributesByName.has('display'))
    assert.ok(group.attributesByName.get('members')?.subAttributesByName.has('$ref'))
    assert.equal(group.attributesByName.get('displayname')?.required, true)
  })

  test('R247 the password is described as never returned, R249 groups as read only', () => {
    const password = user.attributesByName.get('password')
    assert.deepEqual([password?.mutability, password?.returned], ['writeOnly', 'never'])
    assert.equal(user.attributesByName.get('groups')?.mutability, 'readOnly')
    for (const attribute of user.extensionAttributes.get(provisioningUrn.toLowerCase())?.values() ?? []) {
      assert.equal(attribute.mutability, 'readOnly', attribute.path)
    }
  })

  test('finds resource types by name and by endpoint, C16 whatever the case of the endpoint', () => {
    assert.equal(registry.resourceTypeAt('/users')?.name, 'User')
    assert.equal(registry.resourceTypeAt('/__proto__'), undefined)
    assert.equal(registry.resourceTypeAt('/constructor'), undefined)
    refuses(() => registry.resourceType('toString'), 'internal_error')
  })

  test('knows the place of every attribute', () => {
    const manager = user.extensionAttributes.get(enterpriseUrn.toLowerCase())?.get('manager')
    const value = manager?.subAttributesByName.get('value')
    assert.equal(value?.path, `${enterpriseUrn}:manager.value`)
    assert.deepEqual(value?.keys, [enterpriseUrn, 'manager', 'value'])
    assert.deepEqual(value?.searchKeys, ['enterprise', 'manager', 'value'])
    assert.equal(user.attributesByName.get('name')?.subAttributesByName.get('givenname')?.path, 'name.givenName')
    assert.deepEqual(
      user.extensions.map(({ alias }) => alias),
      ['enterprise', 'provisioning'],
    )
  })

  test('references and binary values are case exact by type, R54', () => {
    const { attributesByName } = create(
      attribute('link', { type: 'reference', caseExact: false }),
      attribute('blob', { type: 'binary' }),
      attribute('text'),
    ).resourceType('Thing')
    const exact = ['link', 'blob', 'text', 'id', 'externalid'].map((name) => attributesByName.get(name)?.caseExact)
    assert.deepEqual(exact, [true, true, false, true, true])
  })

  test('R262 takes a resource type with every kind of attribute and an extension', () => {
    assert.equal(everything.endpoint, '/TestResources')
    assert.deepEqual(everything.extensions, [{ schema: extensionUrn, required: true, alias: 'test' }])
    const of = (name: string) => everything.attributesByName.get(name.toLowerCase())
    assert.equal(of('immutableAttr')?.mutability, 'immutable')
    assert.equal(of('requestOnlyAttr')?.returned, 'request')
    assert.equal(of('uniqueString')?.uniqueness, 'server')
    assert.equal(of('multiComplex')?.subAttributes.length, 3)
  })

  test('R263 an extension may have an attribute with the name of a core attribute', () => {
    const extension = schema('urn:example:extra:1.0:Thing', attribute('name'))
    const type = createRegistry({
      schemas: [schema(coreUrn, attribute('name')), extension],
      resourceTypes: [thing({ schemaExtensions: [{ schema: extension.id, required: false }] })],
    }).resourceType('Thing')
    assert.equal(type.attributesByName.get('name')?.path, 'name')
    assert.equal(type.extensionAttributes.get(extension.id.toLowerCase())?.get('name')?.path, `${extension.id}:name`)
  })
})

describe('what documents say to us only', () => {
  test('R11 R262 that an attribute is searchable is known, as of one with unique values, and not shown', () => {
    const found = create(
      attribute('found', { searchable: true }),
      attribute('unique', { uniqueness: 'server' }),
      attribute('other'),
      attribute('parts', { type: 'complex', subAttributes: [attribute('found', { searchable: true })] }),
    )
    const { attributesByName } = found.resourceType('Thing')
    const searchable = ['found', 'unique', 'other'].map((name) => attributesByName.get(name)?.searchable)
    assert.deepEqual(searchable, [true, true, false])
    assert.doesNotMatch(JSON.stringify(found.schemas), /searchable/)
  })

  test('R264 schemas that no resource type names are told', () => {
    const unused = schema('urn:example:1.0:Unused', attribute('a'))
    const { unusedSchemas } = createRegistry({
      schemas: [schema(coreUrn, attribute('a')), unused],
      resourceTypes: [thing()],
    })
    assert.deepEqual(unusedSchemas, [unused.id])
    assert.deepEqual(registry.unusedSchemas, [])
  })
})
