import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { UsherError } from '../../src/errors.ts'
import { leaves } from '../../src/schema/leaves.ts'
import { normalise } from '../../src/schema/normalise.ts'
import { createProjection, project } from '../../src/schema/projection.ts'
import { toSearchForm } from '../../src/schema/search-form.ts'
import type { Attribute, JsonObject, Resource, ResourceType } from '../../src/schema/types.ts'
import { validateResource } from '../../src/schema/validate.ts'
import { dialects } from '../../src/scim/dialects.ts'
import { runs } from '../runs.ts'
import { registry, user } from './registry-of-tests.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 12 })

/** A value of the attribute's type, or one that means "no value". */
function arbitraryValue(attribute: Attribute): fc.Arbitrary<unknown> {
  const nothing = fc.constantFrom(null, '', [])
  const simple = (): fc.Arbitrary<unknown> => {
    switch (attribute.type) {
      case 'boolean':
        return fc.oneof(fc.boolean(), fc.constantFrom('True', 'False'))
      case 'integer':
        return fc.maxSafeInteger()
      case 'decimal':
        return fc.double({ noNaN: true, noDefaultInfinity: true })
      case 'dateTime':
        return fc
          .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
          .map((date) => date.toISOString())
      case 'binary':
        return fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes).toString('base64url'))
      case 'reference':
        return fc.webUrl()
      case 'complex':
        return arbitraryMembers(attribute.subAttributes)
      default:
        return text
    }
  }
  const one = simple()
  return fc.oneof({ weight: 4, arbitrary: attribute.multiValued ? fc.array(one, { maxLength: 4 }) : one }, nothing)
}

function arbitraryMembers(attributes: readonly Attribute[]): fc.Arbitrary<Record<string, unknown>> {
  const members = Object.fromEntries(attributes.map((attribute) => [attribute.name, arbitraryValue(attribute)]))
  return fc.record(members, { requiredKeys: [] })
}

/** Bodies that mostly fit the type; what does not (two primary values, a name with odd characters) is refused. */
function arbitraryBody(type: ResourceType): fc.Arbitrary<object> {
  const containers = type.extensions.map(({ schema }) => [
    schema,
    arbitraryMembers([...(type.extensionAttributes.get(schema.toLowerCase())?.values() ?? [])]),
  ])
  return fc
    .tuple(arbitraryMembers(type.attributes), fc.record(Object.fromEntries(containers), { requiredKeys: [] }))
    .map(([core, extensions]) => ({ ...core, ...extensions, schemas: [type.schema] }))
}

function tryNormalise(type: ResourceType, body: unknown): Resource | undefined {
  try {
    return normalise(type, body, { switches: dialects.rfc, note: () => {} })
  } catch (error) {
    assert.ok(error instanceof UsherError, String(error))
    return undefined
  }
}

function requestNames(type: ResourceType): string[] {
  return type.attributes.filter(({ returned }) => returned === 'request').map(({ path }) => path)
}

const anyType = fc.constantFrom(...registry.resourceTypes)
const anyBody = anyType.chain((type) => arbitraryBody(type).map((body) => [type, body] as const))

describe('for every body', () => {
  test('P-14 R90 what is shown can be sent back and means the same', () => {
    let read = 0
    fc.assert(
      fc.property(anyBody, ([type, body]) => {
        const resource = tryNormalise(type, body)
        if (resource === undefined) return
        read += 1
        const extensions = type.extensions
          .map(({ schema }) => schema)
          .filter((schema) => resource[schema] !== undefined)
        const computed = { schemas: [type.schema, ...extensions], id: 'x', meta: { resourceType: type.name } }
        const projection = createProjection(type, { supplied: new Set(requestNames(type)) })
        const shown = project(projection, { ...computed, ...resource })
        const { writeOnlyAttr, ...visible } = resource
        assert.deepEqual(tryNormalise(type, shown), visible)
        assert.deepEqual(tryNormalise(type, JSON.parse(JSON.stringify(shown))), visible)
      }),
      { numRuns: runs(300) },
    )
    assert.ok(read > 20, `${read} bodies were read`)
  })

  test('a resource that was read passes the check of the whole, and is in canonical form', () => {
    fc.assert(
      fc.property(anyBody, ([type, body]) => {
        const resource = tryNormalise(type, body)
        if (resource === undefined) return
        validateResource(type, resource)
        assertCanonical(resource)
        assert.deepEqual(tryNormalise(type, { ...resource, schemas: [type.schema] }), resource)
      }),
      { numRuns: runs(200) },
    )
  })

  test('the comparison form and the leaves can be made, without a name that the database would read otherwise', () => {
    fc.assert(
      fc.property(anyBody, ([type, body]) => {
        const resource = tryNormalise(type, body)
        if (resource === undefined) return
        for (const name of namesIn(toSearchForm(type, resource))) assert.doesNotMatch(name, /[.$]/)
        for (const value of leaves(type, resource).values()) assert.notEqual(value, undefined)
      }),
      { numRuns: runs(200) },
    )
  })
})

describe('for every JSON document', () => {
  const known = [...user.attributes.map(({ name }) => name), ...user.extensions.map(({ schema }) => schema)]
  const name = fc.oneof(
    fc.constantFrom(...known, '__proto__', 'constructor', 'prototype', 'value', 'type', '$ref'),
    text,
  )
  const { document } = fc.letrec<{ document: unknown }>((tie) => ({
    document: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom(null, true, 'True', '', 0, -0, 1e308, '\ud800', user.schema),
      text,
      fc.double(),
      fc.array(tie('document'), { maxLength: 4 }),
      // fromEntries defines members, so that "__proto__" becomes one of its own as it does in JSON.parse
      fc.array(fc.tuple(name, tie('document')), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
    ),
  }))

  test('row 51 reading it ends with a resource or a refusal, and touches no prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    fc.assert(
      fc.property(anyType, document, fc.boolean(), (type, input, complete) => {
        const body = complete && typeof input === 'object' && !Array.isArray(input) ? completed(type, input) : input
        const resource = tryNormalise(type, body)
        if (resource !== undefined) assertCanonical(resource)
      }),
      { numRuns: runs(500) },
    )
    assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before)
    assert.deepEqual(Object.keys({}), [])
  })

  test('row 17 however deep it is', () => {
    let deep: unknown = 'x'
    for (let level = 0; level < 100_000; level += 1) deep = level % 2 === 0 ? [deep] : { a: deep }
    for (const attribute of ['unknown', 'title', 'emails', 'name', 'meta']) {
      tryNormalise(user, { schemas: [user.schema], userName: 'a', [attribute]: deep })
    }
  })
})

function completed(type: ResourceType, input: unknown): unknown {
  return { ...(input as object), schemas: [type.schema], userName: 'anna', displayName: 'A' }
}

function assertCanonical(value: unknown): void {
  if (typeof value !== 'object') return
  assert.notEqual(value, null)
  const isList = Array.isArray(value)
  assert.equal(Object.getPrototypeOf(value), isList ? Array.prototype : Object.prototype)
  for (const member of Object.values(value as JsonObject)) {
    assert.ok(member !== undefined && member !== null && member !== '')
    if (typeof member === 'object') assert.ok(Object.keys(member).length > 0)
    assertCanonical(member)
  }
}

function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || value instanceof Date) return []
  if (Array.isArray(value)) return value.flatMap(namesIn)
  return Object.entries(value).flatMap(([name, member]) => [name, ...namesIn(member)])
}
