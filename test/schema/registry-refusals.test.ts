import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRegistry } from '../../src/schema/registry.ts'
import type { AttributeDefinition, ResourceTypeDocument } from '../../src/schema/types.ts'
import { refuses } from './registry-of-tests.ts'
import { attribute, coreUrn, create, schema, thing } from './things.ts'

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
