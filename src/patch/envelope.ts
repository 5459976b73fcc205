import { isObject, quote } from '../schema/reading.ts'
import type { ResourceType } from '../schema/types.ts'
import { readOperation, type WrittenOperation } from './operation.ts'
import { findMember, type PatchReading, type ReadPatchOptions, refuse } from './reading.ts'
import type { PatchOperation, PatchVerb } from './types.ts'

export type { ReadPatchOptions } from './reading.ts'

/** The URN of the message (RFC 7644 section 3.5.2). */
export const patchOpUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** The highest number of operations of one request. */
export const operationLimit = 1_000

const verbs: ReadonlySet<string> = new Set(['add', 'remove', 'replace'])

/**
 * Reads a PatchOp message (RFC 7644 section 3.5.2) into operations on single attributes: paths resolved, values in
 * canonical form, in the order of the message. Tolerances that were needed are noted by name.
 *
 * @param body the parsed JSON body
 * @throws UsherError `invalid_syntax` for the form of the message, `payload_too_large` for too many operations,
 * `invalid_path`, `invalid_filter`, `invalid_value`, `mutability`, `no_target` for a single operation
 */
export function readPatch(type: ResourceType, body: unknown, options: ReadPatchOptions): readonly PatchOperation[] {
  if (!isObject(body)) throw refuse('invalid_syntax', 'The body must be a JSON object.')
  const reading: PatchReading = {
    type,
    switches: options.switches,
    note: options.note,
    resourceId: options.resourceId,
  }
  checkMessageSchema(reading, body)
  return readOperationList(reading, body).flatMap((operation) =>
    readOperation(reading, readWritten(reading, operation)),
  )
}

/** What a PatchOp message asks for, before it is known whether it makes sense: the verbs that can be read, for counters. */
export function verbsOf(body: unknown): readonly PatchVerb[] {
  const operations = isObject(body) ? findMember(body, 'operations')?.value : undefined
  if (!Array.isArray(operations)) return []
  return operations.slice(0, operationLimit).flatMap((operation: unknown) => {
    const op = isObject(operation) ? findMember(operation, 'op')?.value : undefined
    const verb = typeof op === 'string' ? op.toLowerCase() : ''
    return verbs.has(verb) ? [verb as PatchVerb] : []
  })
}

function checkMessageSchema(reading: PatchReading, body: Readonly<Record<string, unknown>>): void {
  const schemas = findMember(body, 'schemas')?.value
  if (schemas === undefined || schemas === null || (Array.isArray(schemas) && schemas.length === 0)) {
    if (reading.switches.patchOpSchemas === 'require') {
      throw refuse('invalid_syntax', `The body has no "schemas" with ${quote(patchOpUrn)}.`)
    }
    reading.note('schemas inferred')
    return
  }
  const urns: readonly unknown[] = Array.isArray(schemas) ? schemas : [schemas]
  if (!urns.some((urn) => typeof urn === 'string' && urn.toLowerCase() === patchOpUrn.toLowerCase())) {
    throw refuse('invalid_syntax', `"schemas" must name ${quote(patchOpUrn)}.`)
  }
  if (!Array.isArray(schemas)) reading.note('single value for a list')
}

function readOperationList(reading: PatchReading, body: Readonly<Record<string, unknown>>): readonly unknown[] {
  const member = findMember(body, 'operations')
  if (member === undefined || !Array.isArray(member.value)) {
    throw refuse('invalid_syntax', 'The body has no list of "Operations".')
  }
  if (member.name !== 'Operations') reading.note('Operations case')
  const operations: readonly unknown[] = member.value
  if (operations.length > operationLimit) {
    throw refuse('payload_too_large', `A request may have ${operationLimit} operations at most.`)
  }
  if (operations.length === 0) {
    if (reading.switches.emptyOperations === 'refuse') throw refuse('invalid_syntax', '"Operations" is empty.')
    reading.note('empty operations')
  }
  return operations
}

function readWritten(reading: PatchReading, operation: unknown): WrittenOperation {
  if (!isObject(operation)) throw refuse('invalid_syntax', 'Each operation must be an object.')
  const op = readVerb(reading, findMember(operation, 'op')?.value)
  const path = findMember(operation, 'path')?.value
  if (path === null) reading.note('path null')
  else if (path !== undefined && typeof path !== 'string') throw refuse('invalid_path', 'A path must be a text.')
  return { op, path: path ?? undefined, value: findMember(operation, 'value')?.value }
}

function readVerb(reading: PatchReading, op: unknown): PatchVerb {
  if (typeof op !== 'string') throw refuse('invalid_syntax', 'Each operation needs an "op".')
  const verb = op.toLowerCase()
  if (!isVerb(verb)) throw refuse('invalid_syntax', `There is no operation ${quote(op)}, only add, remove and replace.`)
  if (verb !== op) reading.note('op case')
  return verb
}

function isVerb(text: string): text is PatchVerb {
  return verbs.has(text)
}
