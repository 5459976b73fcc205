/**
 * The order of a list over resources of one type or of several: by the value that is sorted by, then by the type, then
 * by the id; without anything to sort by, by the id. It is told as stretches that indexes serve in order, and a place in
 * it as the row that was there, so that a walk goes on behind a row that is gone by then.
 */
import { UsherError } from '../errors.ts'
import { compareText } from '../filter/compare-text.ts'
import type { MongoQuery } from '../filter/types.ts'
import type { Attribute } from '../schema/types.ts'
import { joint } from './external-id-order.ts'
import type { Position } from './types.ts'

/** What the resources of one type are sorted by. */
export interface SortKey {
  /** Where the documents have the value. */
  readonly key: string
  readonly kind: Kind
  /** Resources with the value. */
  readonly present: MongoQuery
  /** Resources without; null when there can be none. */
  readonly absent: MongoQuery | null
  /**
   * What decides between two resources with the same value: the id that the index has behind it, or the id that is joined
   * to it within the key; nothing where values are unique.
   */
  readonly ties: 'id' | 'joined' | 'none'
}

/** An order over resource types, in the order of `types`. */
export interface Walk {
  readonly types: readonly string[]
  /** False: by id alone. */
  readonly isSorted: boolean
  readonly isDescending: boolean
}

/** A row as far as its place in the order goes; `value` undefined is a row without what is sorted by. */
export interface WalkRow {
  readonly type: string
  readonly id: string
  readonly value: unknown
}

/** Part of a walk: all rows of one that is by id, else those with a value or those without. */
export type Stretch = 'all' | 'present' | 'absent'

/** What to ask of one type's collection for a stretch of a walk. */
export interface Reading {
  readonly query: MongoQuery
  readonly order: Readonly<Record<string, 1 | -1>>
}

const behindJoint = String.fromCharCode(joint.charCodeAt(0) + 1)

/** In the order in which the database has them. */
const kinds = ['number', 'text', 'boolean', 'date'] as const
export type Kind = (typeof kinds)[number]

export function kindOfAttribute({ type }: Attribute): Kind {
  if (type === 'integer' || type === 'decimal') return 'number'
  if (type === 'dateTime') return 'date'
  return type === 'boolean' ? 'boolean' : 'text'
}

/** Ascending: those with a value, then those without; descending the other way round (RFC 7644 section 3.4.2.3). */
export function stretchesOf(walk: Walk, backward: boolean): readonly Stretch[] {
  if (!walk.isSorted) return ['all']
  return walk.isDescending === backward ? ['present', 'absent'] : ['absent', 'present']
}

export function stretchOf(walk: Walk, { value }: Pick<Position, 'value'>): Stretch {
  if (!walk.isSorted) return 'all'
  return value === undefined ? 'absent' : 'present'
}

/**
 * What of one type stands in a stretch, behind a position in it; null if that is nothing.
 * @param sortKey null for a type whose resources never have the value
 * @param position null: from the beginning of the stretch
 * @throws UsherError `invalid_cursor` for a position at a type that is not among those of the walk
 */
export function readingOf(
  walk: Walk,
  stretch: Stretch,
  type: string,
  sortKey: SortKey | null,
  position: Position | null,
  backward: boolean,
): Reading | null {
  switch (stretch) {
    case 'all':
      return byId({}, walk.isDescending !== backward, position)
    case 'absent':
      return withoutValue(walk, type, sortKey, position, backward)
    case 'present':
      return sortKey && withValue(walk, type, sortKey, position, backward)
  }
}

function byId(query: MongoQuery, isDescending: boolean, position: Position | null): Reading {
  const beyond = position && { _id: { [isDescending ? '$lt' : '$gt']: position.id } }
  return { query: beyond === null ? query : { $and: [query, beyond] }, order: { _id: isDescending ? -1 : 1 } }
}

function withoutValue(
  walk: Walk,
  type: string,
  sortKey: SortKey | null,
  position: Position | null,
  backward: boolean,
): Reading | null {
  const query = sortKey === null ? {} : sortKey.absent
  if (query === null) return null
  const side = position === null ? 1 : sideOf(walk, type, position, backward)
  if (side < 0) return null
  return byId(query, backward, side === 0 ? position : null)
}

function withValue(
  walk: Walk,
  type: string,
  { key, kind, present, ties }: SortKey,
  position: Position | null,
  backward: boolean,
): Reading | null {
  const direction = walk.isDescending === backward ? 1 : -1
  const order: Reading['order'] = ties === 'id' ? { [key]: direction, _id: direction } : { [key]: direction }
  const reading = { query: present, order }
  if (position === null) return reading
  const value = storedValue(position.value)
  // The database compares values of one kind only; of two kinds, one comes as a whole before the other.
  const kindsApart = (kinds.indexOf(kind) - kinds.indexOf(kindOfValue(value))) * direction
  if (kindsApart !== 0) return kindsApart > 0 ? reading : null
  const operator = direction === 1 ? '$gt' : '$lt'
  const side = sideOf(walk, type, position, backward)
  if (ties === 'joined') {
    if (side === 0) return { query: { [key]: { [operator]: `${value}${joint}${position.id}` } }, order }
    // Everything that begins with the value, or nothing of it: it ends before what follows the joint.
    const bound = side * direction > 0 ? `${value}${joint}` : `${value}${behindJoint}`
    return { query: { [key]: { [direction === 1 ? '$gte' : '$lt']: bound } }, order }
  }
  const further = { [key]: { [operator]: value } }
  if (side > 0) return { query: { [key]: { [`${operator}e`]: value } }, order }
  if (side < 0 || ties === 'none') return { query: further, order }
  return { query: { $or: [further, { [key]: value, _id: { [operator]: position.id } }] }, order }
}

/** Whether a type comes after that of the position among equal values, before it, or is that type: 1, -1, 0. */
function sideOf(walk: Walk, type: string, position: Position, backward: boolean): number {
  if (walk.types.length === 1) return 0
  const place = walk.types.indexOf(position.type)
  if (place < 0) throw new UsherError('invalid_cursor', 'The cursor is not valid for this request.')
  return Math.sign(walk.types.indexOf(type) - place) * (backward ? -1 : 1)
}

/** The order of the rows of a stretch, as `readingOf` has it for each type. */
export function comparing(walk: Walk, stretch: Stretch, backward: boolean): (a: WalkRow, b: WalkRow) => number {
  const place = (row: WalkRow) => walk.types.indexOf(row.type)
  const sign = backward ? -1 : 1
  switch (stretch) {
    case 'all': {
      const direction = walk.isDescending === backward ? 1 : -1
      return (a, b) => direction * compareText(a.id, b.id)
    }
    case 'absent':
      return (a, b) => sign * (place(a) - place(b) || compareText(a.id, b.id))
    case 'present': {
      const direction = walk.isDescending === backward ? 1 : -1
      return (a, b) =>
        direction * compareValues(a.value, b.value) ||
        sign * (place(a) - place(b)) ||
        direction * compareText(a.id, b.id)
    }
  }
}

function compareValues(a: unknown, b: unknown): number {
  const kindsApart = kinds.indexOf(kindOfValue(a)) - kinds.indexOf(kindOfValue(b))
  if (kindsApart !== 0) return kindsApart
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  return Number(a) - Number(b)
}

function kindOfValue(value: unknown): Kind {
  if (typeof value === 'number' || typeof value === 'boolean') return typeof value as 'number' | 'boolean'
  return value instanceof Date ? 'date' : 'text'
}

/** The place of a row, from which a walk may go on in either direction. */
export function positionAt({ type, id, value }: WalkRow, direction: Position['direction']): Position {
  const kept = value instanceof Date ? { date: value.toISOString() } : (value as Position['value'])
  return { value: kept, type, id, direction }
}

function storedValue(value: Position['value']): unknown {
  if (typeof value === 'object' && value !== null && 'date' in value) return new Date(String(value.date))
  return value
}

/** What a row is sorted by, as its document has it. */
export function sortValue({ key, ties }: SortKey, document: object): unknown {
  const value = valueAt(document, key)
  return ties === 'joined' && typeof value === 'string' ? value.slice(0, value.lastIndexOf(joint)) : value
}

/** The value at a path of names with dots between them. */
export function valueAt(document: object, key: string): unknown {
  let value: unknown = document
  for (const name of key.split('.')) value = (value as Record<string, unknown> | undefined)?.[name]
  return value
}
