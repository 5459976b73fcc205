import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRegistry } from '../../src/schema/registry.ts'
import type { AttributeDefinition, ResourceTypeDocument, SchemaDocument } from '../../src/schema/types.ts'
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

const coreUrn = 'urn:example:1.0:Thing'

function attribute(name: string, more: Partial<AttributeDefinition> = {}): AttributeDefinition {
  return {
    name,
    type: 'string',
    multiValued: false,
    description: '',
    required: false,
    mutability: 'readWrite',
    returned: 'default',
    ...more,
  }
}

function schema(id: string, ...attributes: AttributeDefinition[]): SchemaDocument {
  return { id, name: 'Thing', attributes }
}

function thing(more: Partial<ResourceTypeDocument> = {}): ResourceTypeDocument {
  return { name: 'Thing', endpoint: '/Things', schema: coreUrn, ...more }
}

function create(...attributes: AttributeDefinition[]) {
  return createRegistry({ schemas: [schema(coreUrn, ...attributes)], resourceTypes: [thing()] })
}

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

describe('the registry refuses', () => {
  test('two attributes of one name, in whatever case', () => {
    refuses(() => create(attribute('colour'), attribute('Colour')), 'validation_failed', /"Colour" twice/)
  })

  test('names that an object has by inheritance, and names that mean something to the database', () => {
    for (const name of [
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      '$where',
      '$ref',
      'a.b',
      '',
    ]) {
      refuses(() => create(attribute(name)), 'validation_failed', /not a name/)
    }
    refuses(
      () => create(attribute('thing', { type: 'complex', subAttributes: [attribute('$set')] })),
      'validation_failed',
      /not a name/,
    )
  })

  test('a core attribute with the name of a common one', () => {
    for (const name of ['id', 'META', 'externalId', 'schemas', 'sort']) {
      refuses(() => create(attribute(name)), 'validation_failed', /reserved/)
    }
  })

  test('R51 complex inside complex, complex without sub-attributes, simple with them', () => {
    const inner = attribute('inner', { type: 'complex', subAttributes: [attribute('a')] })
    refuses(
      () => create(attribute('outer', { type: 'complex', subAttributes: [inner] })),
      'validation_failed',
      /inside/,
    )
    refuses(() => create(attribute('outer', { type: 'complex' })), 'validation_failed', /no sub-attributes/)
    refuses(() => create(attribute('outer', { subAttributes: [attribute('a')] })), 'validation_failed', /not complex/)
  })

  test('schemas and resource types that are described twice', () => {
    const one = schema(coreUrn, attribute('a'))
    const types = (...resourceTypes: ResourceTypeDocument[]) => createRegistry({ schemas: [one], resourceTypes })
    refuses(() => createRegistry({ schemas: [one, one], resourceTypes: [] }), 'validation_failed', /twice/)
    refuses(() => types(thing(), thing({ endpoint: '/Others' })), 'validation_failed', /twice/)
    refuses(
      () => types(thing(), thing({ name: 'Other', endpoint: '/things' })),
      'validation_failed',
      /two resource types/,
    )
  })

  test('a type that is described again with the same endpoint and schema only gains the extensions', () => {
    const [a, b] = ['urn:a:extra:1.0:Thing', 'urn:b:more:1.0:Thing'] as const
    const schemas = [schema(coreUrn, attribute('a')), schema(a, attribute('a')), schema(b, attribute('b'))]
    const extended = (schemaExtensions: ResourceTypeDocument['schemaExtensions'] = []) => thing({ schemaExtensions })
    const { resourceTypes, resourceTypeDocuments } = createRegistry({
      schemas,
      resourceTypes: [
        extended([{ schema: a, required: true }]),
        extended([
          { schema: a.toUpperCase(), required: false },
          { schema: b, required: false },
        ]),
      ],
    })
    const both = [
      { schema: a, required: true },
      { schema: b, required: false },
    ]
    assert.deepEqual(
      resourceTypeDocuments.map(({ schemaExtensions }) => schemaExtensions),
      [both],
    )
    assert.equal(resourceTypes.length, 1)
  })

  test('unknown schemas, extensions named twice, extensions that would be stored in one place', () => {
    const schemas = [
      schema(coreUrn, attribute('colour')),
      schema('urn:a:extra:1.0:Thing', attribute('a')),
      schema('urn:b:extra:1.0:Thing', attribute('b')),
      schema('urn:b:colour:1.0:Thing', attribute('b')),
    ]
    const extended = (...urns: string[]) =>
      createRegistry({
        schemas,
        resourceTypes: [thing({ schemaExtensions: urns.map((urn) => ({ schema: urn, required: false })) })],
      })
    refuses(() => createRegistry({ schemas: [], resourceTypes: [thing()] }), 'validation_failed', /unknown schema/)
    refuses(() => extended('urn:c'), 'validation_failed', /unknown extension/)
    refuses(() => extended('urn:a:extra:1.0:Thing', 'URN:A:EXTRA:1.0:THING'), 'validation_failed', /twice/)
    refuses(() => extended('urn:a:extra:1.0:Thing', 'urn:b:extra:1.0:Thing'), 'validation_failed', /taken/)
    refuses(() => extended('urn:b:colour:1.0:Thing'), 'validation_failed', /taken/)
  })

  test('what would never work: unique flags and objects, extensions that nobody can write, an index of a secret', () => {
    const extra = 'urn:a:extra:1.0:Thing'
    const extended = (core: AttributeDefinition, extension: AttributeDefinition, required = false) =>
      createRegistry({
        schemas: [schema(coreUrn, core), schema(extra, extension)],
        resourceTypes: [thing({ schemaExtensions: [{ schema: extra, required }] })],
      })
    const complex = { type: 'complex', subAttributes: [attribute('a')] } as const
    const readOnly = { mutability: 'readOnly' } as const
    refuses(() => create(attribute('a', { type: 'boolean', uniqueness: 'server' })), 'validation_failed', /unique/)
    refuses(() => create(attribute('a', { ...complex, uniqueness: 'global' })), 'validation_failed', /unique/)
    refuses(() => create(attribute('a', { ...complex, searchable: true })), 'validation_failed', /searchable/)
    refuses(() => create(attribute('a', { returned: 'never', searchable: true })), 'validation_failed', /searchable/)
    refuses(() => extended(attribute('a', readOnly), attribute('b')), 'validation_failed', /nobody writes a Thing/)
    refuses(() => extended(attribute('a'), attribute('b', readOnly), true), 'validation_failed', /nobody can write/)
    assert.ok(extended(attribute('a'), attribute('b', readOnly)))
    refuses(
      () => createRegistry({ schemas: [schema(coreUrn, attribute('a'))], resourceTypes: [thing({ name: 'a.b' })] }),
      'validation_failed',
      /not a name/,
    )
  })

  test('everything at once', () => {
    const bad = { type: 'complex', subAttributes: [attribute('$x'), attribute('b'), attribute('B')] } as const
    assert.throws(
      () =>
        createRegistry({
          schemas: [schema(coreUrn, attribute('id'), attribute('a.b'), attribute('bad', bad))],
          resourceTypes: [
            thing({ schemaExtensions: [{ schema: 'urn:none', required: false }] }),
            thing({ name: 'Other', endpoint: '/Bulk', schema: 'urn:none' }),
          ],
        }),
      ({ errors }: { readonly errors: readonly { readonly message: string }[] }) => {
        const said = [
          /"id".*reserved/,
          /"a\.b"/,
          /"\$x"/,
          /"B" twice/,
          /extension "urn:none"/,
          /"\/Bulk"/,
          /schema "urn:none"/,
        ]
        assert.equal(errors.length, said.length, JSON.stringify(errors))
        for (const sentence of said)
          assert.ok(
            errors.some(({ message }) => sentence.test(message)),
            String(sentence),
          )
        return true
      },
    )
  })

  test('endpoints that are not one segment or that mean something else', () => {
    for (const endpoint of ['Things', '/', '/a/b', '/.search', '/Me', '/bulk', '/Schemas', '/a?b', '/AsyncResults']) {
      const types = [thing({ endpoint })]
      refuses(
        () => createRegistry({ schemas: [schema(coreUrn, attribute('a'))], resourceTypes: types }),
        'validation_failed',
        /endpoint/,
      )
    }
  })
})
