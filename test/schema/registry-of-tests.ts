import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { UsherError } from '../../src/errors.ts'
import { builtInDocuments, readDocuments } from '../../src/schema/documents.ts'
import { normalise } from '../../src/schema/normalise.ts'
import { createRegistry } from '../../src/schema/registry.ts'
import type { Resource, ResourceType } from '../../src/schema/types.ts'
import { type Dialect, dialects } from '../../src/scim/dialects.ts'

export const fixtures = fileURLToPath(new URL('../fixtures/schemas/', import.meta.url))
export const registry = createRegistry(readDocuments([builtInDocuments, fixtures]))
export const user = registry.resourceType('User')
export const group = registry.resourceType('Group')
/** A resource type with every data type, mutability, returned and uniqueness value, and a required extension. */
export const everything = registry.resourceType('TestResource')

export const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
export const provisioningUrn = 'urn:usher:scim:schemas:provisioning:1.0:User'
export const extensionUrn = 'urn:ietf:params:scim:schemas:extension:test:2.0:TestResource'

export interface Reading {
  readonly resource: Resource
  readonly notes: readonly string[]
}

/** Normalises a body, its `schemas` added, and tells which tolerances were needed. */
export function read(type: ResourceType, body: object, switches: Partial<Dialect> = {}): Reading {
  const notes: string[] = []
  const resource = normalise(
    type,
    { schemas: [type.schema], ...body },
    { switches: { ...dialects.rfc, ...switches }, note: (name) => notes.push(name) },
  )
  return { resource, notes }
}

/** A user with what is required and the given attributes; gives the given attributes as they were read. */
export function readUser(attributes: object, switches: Partial<Dialect> = {}): Resource {
  const { userName, ...rest } = read(user, { userName: 'anna', ...attributes }, switches).resource
  return Object.hasOwn(attributes, 'userName') ? { userName, ...rest } : rest
}

/** The same for the type with everything. */
export function readEverything(attributes: object, switches: Partial<Dialect> = {}): Resource {
  const body = { identifier: 'x', [extensionUrn]: { extRequired: 'y' }, ...attributes }
  const { identifier, [extensionUrn]: extension, ...rest } = read(everything, body, switches).resource
  return rest
}

export function refuses(run: () => unknown, code: UsherError['code'], detail?: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof UsherError, String(error))
    assert.equal(error.code, code)
    if (detail !== undefined) assert.match(error.detail, detail)
    return true
  })
}
