/**
 * Bodies with long lists of members are read in slices: to read 100,000 values in one go would keep everybody else
 * waiting. The result is that of the whole.
 */
import { setImmediate } from 'node:timers/promises'
import { readPatch } from '../patch/envelope.ts'
import { findMember, type ReadPatchOptions } from '../patch/reading.ts'
import type { PatchOperation } from '../patch/types.ts'
import { normalise } from '../schema/normalise.ts'
import { isObject, type NormaliseOptions } from '../schema/reading.ts'
import type { JsonValue, Resource, ResourceType } from '../schema/types.ts'

/** Values that are read at a time. */
const sliceLength = 1_000

type Body = Readonly<Record<string, unknown>>

/** Reads the body of a POST or PUT of a group. See `normalise`. */
export async function normaliseGroup(
  type: ResourceType,
  data: unknown,
  options: NormaliseOptions,
  kept: Resource,
): Promise<Resource> {
  const name = isObject(data) ? longList(data, (key) => isMembers(type, key)) : undefined
  if (!isObject(data) || name === undefined) return normalise(type, data, options, kept)
  const members: JsonValue[] = []
  let body: Resource = {}
  for (const slice of slices(data[name])) {
    body = normalise(type, { ...data, [name]: slice }, options, kept)
    for (const member of elementsOf(body.members)) members.push(member)
    await setImmediate()
  }
  return { ...body, members }
}

/** Reads the body of a PATCH of a group. See `readPatch`. */
export async function readGroupPatch(
  type: ResourceType,
  data: unknown,
  options: ReadPatchOptions,
): Promise<readonly PatchOperation[]> {
  const list = isObject(data) ? findMember(data, 'operations') : undefined
  if (!isObject(data) || !Array.isArray(list?.value)) return readPatch(type, data, options)
  const written = list.value.map((operation: unknown) => partsOf(type, operation))
  if (written.every(({ length }) => length === 1)) return readPatch(type, data, options)
  // What is refused of the message as a whole is refused before its values are read.
  readPatch(type, { ...data, [list.name]: written.map(([first]) => first) }, options)
  const operations: PatchOperation[] = []
  for (const parts of written) {
    const read: PatchOperation[][] = []
    for (const part of parts) {
      read.push([...readPatch(type, { ...data, [list.name]: [part] }, options)])
      await setImmediate()
    }
    operations.push(...joined(read))
    await setImmediate()
  }
  return operations
}

/** Whether an operation is about the members as a list. */
export function isAboutMembers({ path }: PatchOperation): boolean {
  return path.kind === 'attribute' && path.attribute.path === 'members'
}

/** An operation as several, each with a slice of its long list, together with everything else in the first one. */
function partsOf(type: ResourceType, operation: unknown): readonly unknown[] {
  if (!isObject(operation)) return [operation]
  const value = findMember(operation, 'value')
  const path = findMember(operation, 'path')?.value
  if (value === undefined) return [operation]
  if (typeof path === 'string' && isMembers(type, path) && isLong(value.value)) {
    return slices(value.value).map((slice) => ({ ...operation, [value.name]: slice }))
  }
  const inside = value.value
  const name = path == null && isObject(inside) ? longList(inside, (key) => isMembers(type, key)) : undefined
  if (name === undefined || !isObject(inside)) return [operation]
  return slices(inside[name]).map((slice, index) => ({
    ...operation,
    [value.name]: index === 0 ? { ...inside, [name]: slice } : { [name]: slice },
  }))
}

/** The operations of the first part, those on members with the values of all parts. */
function joined([first = [], ...others]: readonly PatchOperation[][]): readonly PatchOperation[] {
  if (others.length === 0) return first
  const more = others.flatMap((operations) => operations.flatMap(({ value }) => elementsOf(value)))
  return first.map((operation) =>
    isAboutMembers(operation) ? { ...operation, value: [...elementsOf(operation.value), ...more] } : operation,
  )
}

/** The name of the only member of a body that is the list in question, if that list is long. */
function longList(body: Body, isTheOne: (key: string) => boolean): string | undefined {
  const [name, ...others] = Object.keys(body).filter(isTheOne)
  return name !== undefined && others.length === 0 && isLong(body[name]) ? name : undefined
}

/** `members` in any case, and behind the URN of its schema. */
function isMembers(type: ResourceType, key: string): boolean {
  const name = key.trim().toLowerCase()
  return name === 'members' || name === `${type.schema.toLowerCase()}:members`
}

function isLong(list: unknown): boolean {
  return Array.isArray(list) && list.length > sliceLength
}

function slices(list: unknown): readonly (readonly unknown[])[] {
  const values: readonly unknown[] = Array.isArray(list) ? list : []
  return Array.from({ length: Math.ceil(values.length / sliceLength) }, (_, index) =>
    values.slice(index * sliceLength, (index + 1) * sliceLength),
  )
}

function elementsOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : []
}
