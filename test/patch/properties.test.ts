import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { UsherError } from '../../src/errors.ts'
import { diffOperations } from '../../src/patch/diff.ts'
import { equalValues } from '../../src/schema/equal.ts'
import { normalise } from '../../src/schema/normalise.ts'
import type { Resource, ResourceType } from '../../src/schema/types.ts'
import { validateResource } from '../../src/schema/validate.ts'
import { dialectNames, dialects } from '../../src/scim/dialects.ts'
import { readPrototypes } from '../prototypes.ts'
import { runs } from '../runs.ts'
import { everything, user } from '../schema/registry-of-tests.ts'
import { allAttributes, operationOn, resourceOf, word } from './arbitraries.ts'
import { device, patch } from './patching.ts'

/** Runs a patch; undefined if it was refused as the catalogue has it. Anything else thrown fails the property. */
function tryPatch(...input: Parameters<typeof patch>) {
  try {
    return patch(...input)
  } catch (error) {
    if (error instanceof UsherError && error.status < 500) return undefined
    throw error
  }
}

const types = [user, everything, device]
const anyDialect = fc.constantFrom(...dialectNames).map((name) => dialects[name])

describe('whatever the operations are', () => {
  for (const type of types) {
    test(`P-3 a ${type.name} stays valid, the original stays as it was, and nothing is reported falsely`, () => {
      fc.assert(
        fc.property(
          resourceOf(type),
          fc.array(operationOn(type), { minLength: 1, maxLength: 4 }),
          anyDialect,
          (before, operations, dialect) => {
            const copy = JSON.stringify(before)
            const result = tryPatch(type, before, operations, { dialect })
            assert.equal(JSON.stringify(before), copy)
            if (result === undefined) return
            validateResource(type, result.resource)
            assert.equal(result.changed, !equalValues(before, result.resource))
            const again = normalise(
              type,
              { ...result.resource, schemas: [type.schema] },
              { switches: dialects.rfc, note: () => {} },
            )
            assert.ok(equalValues(again, result.resource), 'the result is in canonical form')
          },
        ),
        { numRuns: runs(300) },
      )
    })

    test(`P-3 replace and remove on a ${type.name} are idempotent`, () => {
      const operations = operationOn(type, ['replace', 'remove'])
      // what the filter selects by may be what the operation changes
      const stable = operations.filter(({ op, path }) => op === 'remove' || !path.includes('['))
      fc.assert(
        fc.property(resourceOf(type), stable, (before, operation) => {
          const once = tryPatch(type, before, [operation])
          if (once === undefined) return
          // what is left without content goes as a whole, so that a second replacement may find nothing
          const twice = tryPatch(type, once.resource, [operation])
          if (twice === undefined) return assert.ok(operation.path.includes('.'))
          assert.equal(twice.changed, false)
        }),
        { numRuns: runs(300) },
      )
    })

    test(`the difference of two ${type.name}s makes one of the other`, () => {
      fc.assert(
        fc.property(resourceOf(type), resourceOf(type), (before, other) => {
          // what never changes and what is never recorded is not part of a difference
          const after = { ...other }
          for (const { name, mutability, multiValued } of type.attributes) {
            if (mutability !== 'immutable' && mutability !== 'writeOnly') continue
            assert.ok(!multiValued || mutability === 'immutable')
            delete after[name]
            if (before[name] !== undefined) Object.assign(after, { [name]: before[name] })
          }
          const difference = diffOperations(type, before, withoutSecrets(type, after))
          const result = tryPatch(type, withoutSecrets(type, before), difference, {
            dialect: { emptyOperations: 'noop' },
          })
          if (touchesImmutable(type, difference)) return
          assert.ok(result !== undefined, JSON.stringify(difference))
          assert.ok(equalValues(result.resource, withoutSecrets(type, after)))
          assert.equal(difference.length === 0, !result.changed)
        }),
        { numRuns: runs(300) },
      )
    })
  }

  test('P-4 adding a value and removing it gives the original', () => {
    const value = fc.constantFrom('new@a', 'new@b')
    fc.assert(
      fc.property(
        resourceOf(user),
        fc.constantFrom('emails', 'phoneNumbers', 'roles', 'ims'),
        value,
        fc.option(word),
        (before, path, added, type) => {
          const element = { value: added, ...(type === null ? {} : { type }) }
          const between = patch(user, before, [{ op: 'add', path, value: [element] }])
          assert.equal(between.changed, true)
          for (const removal of [{ path: `${path}[value eq "${added}"]` }, { path, value: [element] }]) {
            const after = patch(user, between.resource, [{ op: 'remove', ...removal }])
            assert.ok(equalValues(after.resource, before))
          }
        },
      ),
      { numRuns: runs(200) },
    )
  })

  test('P-3 any JSON is applied or refused as the catalogue has it, and no prototype changes', () => {
    const prototypes = readPrototypes()
    const name = fc.oneof(
      fc.constantFrom(
        '__proto__',
        'constructor',
        'prototype',
        'toString',
        'value',
        'type',
        'emails',
        'name',
        'userName',
        'schemas',
        'members',
        'urn:x',
        ...user.extensions.map(({ schema }) => schema),
      ),
      fc.string({ maxLength: 6 }),
    )
    const path = fc
      .tuple(
        name,
        fc.constantFrom('.', '[', ':', '[value eq "', ''),
        name,
        fc.constantFrom('"]', ']', '.value', '"].', ''),
        name,
      )
      .map((parts) => parts.join(''))
    const key = fc.oneof(name, path)
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constant(null),
        fc.boolean(),
        fc.double(),
        fc.string({ maxLength: 5 }),
        tie('object'),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
      object: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    }))
    const op = fc.oneof(fc.constantFrom('add', 'Add', 'replace', 'remove', '__proto__'), fc.string({ maxLength: 3 }))
    const operation = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ op, path: fc.oneof(path, name), value: json.value }, { requiredKeys: ['op'] }),
      },
      json.value,
    )
    const before: Resource = { userName: 'anna', emails: [{ value: 'a', type: 'work' }], name: { givenName: 'A' } }
    fc.assert(
      fc.property(
        fc.oneof({ weight: 9, arbitrary: fc.array(operation, { maxLength: 3 }) }, json.value),
        anyDialect,
        (operations, dialect) => {
          const result = tryPatch(user, before, operations, { dialect })
          if (result !== undefined) validateResource(user, result.resource)
        },
      ),
      { numRuns: runs(3_000) },
    )
    const now = readPrototypes()
    assert.ok(now.length === prototypes.length && now.every((value, index) => value === prototypes[index]))
  })
})

function withoutSecrets(type: ResourceType, resource: Resource): Resource {
  const copy: Record<string, unknown> = structuredClone(resource) as Record<string, unknown>
  for (const { name, mutability, subAttributes } of type.attributes) {
    if (mutability === 'writeOnly') delete copy[name]
    const values = Array.isArray(copy[name]) ? copy[name] : [copy[name]]
    for (const sub of subAttributes) {
      if (sub.mutability === 'writeOnly')
        for (const value of values) if (value !== undefined) delete (value as Record<string, unknown>)[sub.name]
    }
  }
  return copy as Resource
}

/** Two resources may differ in what no PATCH can change. */
function touchesImmutable(type: ResourceType, difference: readonly { readonly path: string }[]): boolean {
  const immutable = allAttributes(type).flatMap((attribute) =>
    [attribute, ...attribute.subAttributes].filter(({ mutability }) => mutability === 'immutable'),
  )
  const paths = [...immutable.map(({ path }) => path), ...immutable.flatMap(({ extension }) => extension ?? [])]
  return difference.some(({ path }) => paths.includes(path))
}
