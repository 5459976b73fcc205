import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ErrorCode, UsherError } from '../../src/errors.ts'
import { applyPatch } from '../../src/patch/apply.ts'
import { patchOpUrn, readPatch } from '../../src/patch/envelope.ts'
import type { PatchResult } from '../../src/patch/types.ts'
import { createRegistry } from '../../src/schema/registry.ts'
import type { AttributeDefinition, Resource, ResourceType } from '../../src/schema/types.ts'
import { type Dialect, dialects } from '../../src/scim/dialects.ts'
import { user } from '../schema/registry-of-tests.ts'

export interface Circumstances {
  readonly dialect?: Partial<Dialect>
  readonly deferred?: readonly string[]
  readonly resourceId?: string
}

export interface Patched extends PatchResult {
  readonly notes: readonly string[]
}

/** Reads and applies operations; the given resource is frozen to its last leaf, so that a write to it would throw. */
export function patch(
  type: ResourceType,
  resource: Resource,
  operations: unknown,
  { dialect, deferred = [], resourceId }: Circumstances = {},
): Patched {
  const notes: string[] = []
  const note = (name: string) => notes.push(name)
  const switches = { ...dialects.rfc, ...dialect }
  const body = { schemas: [patchOpUrn], Operations: operations }
  const read = readPatch(type, body, { switches, note, resourceId })
  return { ...applyPatch(type, freeze(resource), read, { switches, note, deferred }), notes }
}

function freeze(value: Resource): Resource {
  for (const member of Object.values(value))
    if (typeof member === 'object' && member !== null) freeze(member as Resource)
  return Object.freeze(value)
}

/** One row of a table: what operations make of a resource, or how they are refused. */
export interface Case extends Circumstances {
  readonly title: string
  readonly type?: ResourceType
  readonly before?: Resource
  readonly operations: readonly unknown[]
  readonly after?: Resource
  readonly refused?: ErrorCode
  readonly notes?: readonly string[]
}

/** Users of these tables have a userName without saying so. */
export function describeCases(name: string, cases: readonly Case[]): void {
  describe(name, () => {
    for (const each of cases) test(each.title, () => checkCase(each))
  })
}

function checkCase({ type = user, before = {}, operations, after, refused, notes, ...circumstances }: Case): void {
  const complete = (resource: Resource) => (type === user ? { userName: 'anna', ...resource } : resource)
  const original = complete(before)
  const run = () => patch(type, original, operations, circumstances)
  if (refused !== undefined) return void assert.throws(run, isRefusal(refused))
  const result = run()
  assert.deepEqual(result.resource, complete(after ?? before))
  assert.equal(result.changed, after !== undefined, 'whether it changed')
  if (!result.changed) assert.equal(result.resource, original)
  if (notes !== undefined) assert.deepEqual(result.notes, notes)
}

export function isRefusal(code: ErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof UsherError, String(error))
    assert.equal(error.code, code, error.detail)
    return true
  }
}

const plain = {
  type: 'string',
  multiValued: false,
  required: false,
  description: '',
  mutability: 'readWrite',
  returned: 'default',
} as const

function attribute(name: string, differences: Partial<AttributeDefinition> = {}): AttributeDefinition {
  return { ...plain, name, ...differences }
}

/** A resource type with what the built-in ones lack: immutable and required parts at every depth. */
export const device: ResourceType = createRegistry({
  schemas: [
    {
      id: 'urn:test:Device',
      name: 'Device',
      attributes: [
        attribute('serial', { required: true, caseExact: true }),
        attribute('model', { mutability: 'immutable' }),
        attribute('owner', {
          type: 'complex',
          subAttributes: [
            attribute('badge', { mutability: 'immutable' }),
            attribute('name'),
            attribute('desk', { required: true }),
          ],
        }),
        attribute('tags', { multiValued: true }),
        attribute('colours', { multiValued: true, mutability: 'immutable' }),
        attribute('ports', {
          type: 'complex',
          multiValued: true,
          required: true,
          subAttributes: [
            attribute('value', { required: true }),
            attribute('type'),
            attribute('address', { mutability: 'immutable' }),
            attribute('state', { mutability: 'readOnly' }),
            attribute('aliases', { multiValued: true }),
            attribute('key', { mutability: 'writeOnly', returned: 'never' }),
          ],
        }),
      ],
    },
    {
      id: 'urn:test:Warranty',
      name: 'Warranty',
      attributes: [attribute('until', { required: true }), attribute('by')],
    },
    { id: 'urn:test:Origin', name: 'Origin', attributes: [attribute('plant', { mutability: 'immutable' })] },
  ],
  resourceTypes: [
    {
      name: 'Device',
      endpoint: '/Devices',
      schema: 'urn:test:Device',
      schemaExtensions: [
        { schema: 'urn:test:Warranty', required: true },
        { schema: 'urn:test:Origin', required: false },
      ],
    },
  ],
}).resourceType('Device')

export const router: Resource = {
  serial: 'X1',
  ports: [{ value: 'eth0', type: 'copper' }],
  'urn:test:Warranty': { until: '2030' },
}
