import { isObject, quote } from '../schema/reading.ts'
import type { Attribute } from '../schema/types.ts'
import { type ReadPath, readKey, readPath, wholeAttribute } from './path.ts'
import { type PatchReading, refuse, refuseMutation } from './reading.ts'
import { checkNamedSchemas } from './schemas.ts'
import type { AttributeTarget, ExtensionTarget, PatchOperation, PatchVerb } from './types.ts'
import { readAssignedValue, readRemovedValues } from './value.ts'

type Assignment = Exclude<PatchVerb, 'remove'>

/** An operation as the message has it; `value` undefined if it has none. */
export interface WrittenOperation {
  readonly op: PatchVerb
  readonly path: string | undefined
  readonly value: unknown
}

/**
 * Reads one operation (RFC 7644 sections 3.5.2.1 to 3.5.2.3) into operations on single attributes: a value without path
 * and the value of an extension as a whole become one operation for each member.
 *
 * @throws UsherError `invalid_path`, `invalid_filter`, `invalid_value`, `invalid_syntax`, `mutability`, `no_target`
 */
export function readOperation(reading: PatchReading, written: WrittenOperation): readonly PatchOperation[] {
  if (written.path === undefined) return readWithoutPath(reading, written)
  const path = readPath(reading, written.path)
  if (path === undefined) return []
  return path.kind === 'resource' ? readMembers(reading, written) : readWithPath(reading, written, path)
}

function readWithoutPath(reading: PatchReading, written: WrittenOperation): readonly PatchOperation[] {
  if (written.op === 'remove') throw refuse('no_target', 'A remove needs a path.')
  if (reading.switches.pathlessPatch === 'refuse') throw refuse('invalid_syntax', 'An operation needs a path.')
  return readMembers(reading, written)
}

/** The members of a value without path, each as if it were an operation of its own; their names may be paths. */
function readMembers(reading: PatchReading, { op, value }: WrittenOperation): readonly PatchOperation[] {
  if (op === 'remove') throw refuse('no_target', 'A resource as a whole cannot be removed by PATCH.')
  if (!isObject(value)) throw refuse('invalid_value', `Without a path the value of "${op}" must be an object.`)
  const seen = new Set<string>()
  return Object.keys(value).flatMap((key) => {
    const path = readKey(reading, key)
    if (path === undefined) return []
    return readMember(reading, { op, path: key, value: value[key] }, path, seen)
  })
}

function readMember(
  reading: PatchReading,
  written: WrittenOperation & { readonly path: string },
  path: ReadPath,
  seen: Set<string>,
): readonly PatchOperation[] {
  if (path.kind === 'resource') {
    throw refuse('invalid_path', `${quote(written.path)} cannot be a member of the value.`)
  }
  if (seen.has(path.canonical)) throw refuse('invalid_syntax', `The value has ${quote(path.canonical)} twice.`)
  seen.add(path.canonical)
  if (/[.:[]/.test(written.path) && path.kind === 'attribute') reading.note('path as a name in the value')
  if (path.kind === 'attribute' && path.attribute.path === 'schemas') {
    checkNamedSchemas(reading, written.value, reading.switches.unknownAttributes)
    return []
  }
  return readWithPath(reading, written, path)
}

function readWithPath(
  reading: PatchReading,
  { op, value }: WrittenOperation,
  path: AttributeTarget | ExtensionTarget,
): readonly PatchOperation[] {
  if (path.kind === 'extension') {
    return op === 'remove' ? [removeExtension(reading, path)] : assignExtension(reading, op, path, value)
  }
  const { attribute } = path
  if (attribute.path === 'id' && op !== 'remove' && value !== undefined && value === reading.resourceId) {
    reading.note('identical id ignored')
    return []
  }
  if (attribute.path === 'schemas') {
    if (op === 'remove') throw refuseMutation('schemas', 'follows from the attributes and cannot be removed')
    checkNamedSchemas(reading, value, 'refuse')
    return []
  }
  refuseReadOnly(path)
  return op === 'remove' ? [readRemoval(reading, path, value)] : [readAssignment(reading, op, path, value)]
}

function readRemoval(reading: PatchReading, path: AttributeTarget, value: unknown): PatchOperation {
  const takesValues = path.attribute.multiValued && path.subAttribute === undefined && path.filter === undefined
  return { op: 'remove', path, value: takesValues ? readRemovedValues(reading, path.attribute, value) : undefined }
}

function readAssignment(reading: PatchReading, op: Assignment, path: AttributeTarget, raw: unknown): PatchOperation {
  if (raw === undefined) throw refuse('invalid_value', `The operation on "${path.canonical}" needs a value.`)
  const { attribute, subAttribute, filter } = path
  if (op === 'add' && attribute.multiValued && subAttribute !== undefined && filter === undefined) {
    throw refuse('invalid_path', `"${path.canonical}" does not say to which value of the list it adds.`)
  }
  return { op, path, value: readAssignedValue(reading, op, path, raw) }
}

function assignExtension(
  reading: PatchReading,
  op: Assignment,
  path: ExtensionTarget,
  value: unknown,
): readonly PatchOperation[] {
  if (value === undefined) throw refuse('invalid_value', `The operation on "${path.schema}" needs a value.`)
  if (value === null) {
    if (op === 'add') return []
    return [{ ...removeExtension(reading, path), op }]
  }
  if (!isObject(value)) throw refuse('invalid_value', `The value of "${path.schema}" must be an object.`)
  const seen = new Set<string>()
  const operations = Object.keys(value).flatMap((key) => {
    // Some clients put `schemas` into the container as if it were a resource; it says nothing that the path does not.
    if (key.toLowerCase() === 'schemas') {
      reading.note('schemas within an extension ignored')
      return []
    }
    const member = readKey(reading, `${path.schema}:${key}`)
    return member === undefined ? [] : readMember(reading, { op, path: key, value: value[key] }, member, seen)
  })
  return op === 'replace' && reading.switches.complexReplace === 'whole'
    ? [...unassignOthers(reading, path, seen), ...operations]
    : operations
}

/** What a replacement of the whole extension does not name loses its value. */
function unassignOthers(
  reading: PatchReading,
  { schema }: ExtensionTarget,
  named: ReadonlySet<string>,
): readonly PatchOperation[] {
  return attributesOf(reading, schema)
    .filter((attribute) => attribute.mutability !== 'readOnly')
    .filter(({ path }) => ![...named].some((name) => name === path || name.startsWith(`${path}.`)))
    .map((attribute) => ({
      op: 'replace',
      path: wholeAttribute(attribute),
      value: undefined,
    }))
}

function removeExtension(reading: PatchReading, path: ExtensionTarget): PatchOperation {
  if (attributesOf(reading, path.schema).every((attribute) => attribute.mutability === 'readOnly')) {
    throw refuseMutation(path.schema, 'is written by the service provider only')
  }
  return { op: 'remove', path, value: undefined }
}

function attributesOf(reading: PatchReading, schema: string): readonly Attribute[] {
  return [...(reading.type.extensionAttributes.get(schema.toLowerCase())?.values() ?? [])]
}

function refuseReadOnly({ attribute, subAttribute, canonical }: AttributeTarget): void {
  if (attribute.mutability === 'readOnly' || subAttribute?.mutability === 'readOnly') {
    throw refuseMutation(canonical, 'is written by the service provider only')
  }
}
