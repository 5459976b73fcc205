import fc from 'fast-check'
import { UsherError } from '../../src/errors.ts'
import { normalise } from '../../src/schema/normalise.ts'
import type { Attribute, Resource, ResourceType } from '../../src/schema/types.ts'
import { dialects } from '../../src/scim/dialects.ts'

// few different texts, so that filters find elements and values meet
export const word = fc.constantFrom('a', 'A', 'b', 'work', 'Work', 'home', 'ﬁ', 'x y', '"]', '\\', ' ')

function simpleValue(attribute: Attribute): fc.Arbitrary<unknown> {
  switch (attribute.type) {
    case 'boolean':
      return fc.boolean()
    case 'integer':
    case 'decimal':
      return fc.integer({ min: -3, max: 3 })
    case 'dateTime':
      return fc.constantFrom('2026-01-31T09:30:00Z', '2026-01-31T10:30:00+01:00', '2020-02-29T00:00:00Z')
    case 'binary':
      return fc.constantFrom('AQID', 'BAUG')
    case 'reference':
      return fc.constantFrom('https://a.example', '/b')
    default:
      return word
  }
}

function valueFor(attribute: Attribute): fc.Arbitrary<unknown> {
  const one = attribute.type === 'complex' ? membersOf(attribute.subAttributes) : simpleValue(attribute)
  return attribute.multiValued ? fc.array(one, { maxLength: 3 }) : one
}

function membersOf(
  attributes: readonly Attribute[],
  requiredKeys: string[] = [],
): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(attributes.map((attribute) => [attribute.name, valueFor(attribute)])), {
    requiredKeys,
  })
}

function extensionAttributes(type: ResourceType, schema: string): readonly Attribute[] {
  return [...(type.extensionAttributes.get(schema.toLowerCase())?.values() ?? [])]
}

/** Resources in canonical form: bodies as a client might send them, read by the schema. */
export function resourceOf(type: ResourceType): fc.Arbitrary<Resource> {
  const core = type.attributes.filter(({ path }) => path !== 'schemas')
  const containers = type.extensions.map(({ schema }) => [schema, membersOf(extensionAttributes(type, schema))])
  return fc
    .tuple(
      membersOf(
        core,
        core.filter(({ required }) => required).map(({ name }) => name),
      ),
      fc.record(Object.fromEntries(containers)),
    )
    .map(([attributes, extensions]) => {
      try {
        return normalise(
          type,
          { ...attributes, ...extensions, schemas: [type.schema] },
          { switches: dialects.rfc, note: () => {} },
        )
      } catch (error) {
        if (error instanceof UsherError) return undefined
        throw error
      }
    })
    .filter((resource) => resource !== undefined)
}

export function allAttributes(type: ResourceType): readonly Attribute[] {
  return [...type.attributes, ...type.extensions.flatMap(({ schema }) => extensionAttributes(type, schema))]
}

/** An operation on an attribute of the type, with a value that mostly fits. */
export function operationOn(
  type: ResourceType,
  ops: readonly string[] = ['add', 'remove', 'replace'],
): fc.Arbitrary<{ op: string; path: string; value: unknown }> {
  return fc.constantFrom(...allAttributes(type)).chain((attribute) => {
    const filter = fc.tuple(fc.constantFrom('type', 'value', 'primary'), fc.oneof(word, fc.boolean()))
    const bracket = attribute.multiValued
      ? fc.option(
          filter.map(([name, value]) => `[${name} eq ${JSON.stringify(value)}]`),
          { nil: '' },
        )
      : fc.constant('')
    const target = fc.constantFrom(undefined, ...attribute.subAttributes)
    return fc.tuple(bracket, target).chain(([brackets, sub]) => {
      const element =
        brackets !== '' && attribute.type === 'complex' ? membersOf(attribute.subAttributes) : valueFor(attribute)
      return fc.record({
        op: fc.constantFrom(...ops),
        path: fc.constant(`${attribute.path}${brackets}${sub === undefined ? '' : `.${sub.name}`}`),
        value: fc.oneof(
          { weight: 5, arbitrary: sub === undefined ? element : valueFor(sub) },
          fc.constantFrom(null, '', []),
        ),
      })
    })
  })
}
