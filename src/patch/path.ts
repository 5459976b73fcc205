import { UsherError } from '../errors.ts'
import type { ParseOptions } from '../filter/parse.ts'
import { type AttributePath, parseAttributePath } from '../filter/parsePath.ts'
import { resolveElementFilter } from '../filter/resolve.ts'
import { resolvePath } from '../schema/path.ts'
import { quote } from '../schema/reading.ts'
import type { Attribute } from '../schema/types.ts'
import { type PatchReading, refuse } from './reading.ts'
import { printElementFilter, readSelectors } from './selectors.ts'
import type { AttributeTarget, PatchPath } from './types.ts'

/** The core schema's URN alone stands for the resource as a whole. */
export type ReadPath = PatchPath | { readonly kind: 'resource' }

/**
 * Reads the path of an operation against the schemas and nothing else (RFC 7644 section 3.5.2, figure 7): a name that
 * they do not know leads nowhere, whatever an object may inherit under it.
 *
 * @returns undefined for a path that the schemas do not know, where the dialect ignores those
 * @throws UsherError `invalid_path`, `invalid_filter`
 */
export function readPath(reading: PatchReading, text: string): ReadPath | undefined {
  refuseInheritedNames(text)
  return resolveParsed(reading, text, parseAttributePath(text, parsing(reading)))
}

/**
 * Reads a member's name of a value without path, which may be a path as well (`name.givenName`). Unlike a path it may
 * be any text, so what is no path at all is a name that the schemas do not know.
 *
 * @throws UsherError `invalid_path`, `invalid_filter`
 */
export function readKey(reading: PatchReading, key: string): ReadPath | undefined {
  refuseInheritedNames(key)
  let parsed: AttributePath
  try {
    parsed = parseAttributePath(key, parsing(reading))
  } catch (error) {
    if (error instanceof UsherError && error.code === 'invalid_path' && !key.includes('[')) {
      return meetUnknownPath(reading, key)
    }
    throw error
  }
  return resolveParsed(reading, key, parsed)
}

function parsing({ switches, note }: PatchReading): ParseOptions {
  return { bareWords: switches.bareWords, note }
}

function resolveParsed(reading: PatchReading, text: string, parsed: AttributePath): ReadPath | undefined {
  const { type } = reading
  const found = resolvePath(type, parsed.path)
  if (found === undefined) {
    const isCore = parsed.filter === undefined && parsed.path.toLowerCase() === type.schema.toLowerCase()
    return isCore ? { kind: 'resource' } : meetUnknownPath(reading, text)
  }
  if (found.kind === 'extension') {
    if (parsed.filter !== undefined) throw refuse('invalid_path', `${quote(text)} cannot have a filter in brackets.`)
    return { kind: 'extension', schema: found.schema, canonical: found.schema }
  }
  const { attribute, subAttribute } = found
  if (parsed.filter === undefined) {
    return {
      ...found,
      filter: undefined,
      selectors: undefined,
      canonical: subAttribute === undefined ? attribute.path : subAttributePath(attribute.path, subAttribute),
    }
  }
  if (subAttribute !== undefined || !attribute.multiValued) {
    throw refuse('invalid_path', `${quote(text)} has a filter in brackets after something that is no list.`)
  }
  return readValuePath(reading, text, attribute, parsed)
}

function readValuePath(
  reading: PatchReading,
  text: string,
  attribute: Attribute,
  parsed: AttributePath,
): AttributeTarget | undefined {
  const node = parsed.filter!
  const filter = resolveElementFilter(attribute, node, { ...reading.switches, note: reading.note })
  const list = `${attribute.path}[${printElementFilter(attribute, node)}]`
  const target = { kind: 'attribute', attribute, filter, selectors: readSelectors(reading, attribute, node) } as const
  if (parsed.subAttribute === undefined) return { ...target, subAttribute: undefined, canonical: list }
  const subAttribute = attribute.subAttributesByName.get(parsed.subAttribute.toLowerCase())
  if (subAttribute === undefined) return meetUnknownPath(reading, text)
  return { ...target, subAttribute, canonical: subAttributePath(list, subAttribute) }
}

/** The path that names an attribute as a whole. */
export function wholeAttribute(attribute: Attribute): AttributeTarget {
  return {
    kind: 'attribute',
    attribute,
    subAttribute: undefined,
    filter: undefined,
    selectors: undefined,
    canonical: attribute.path,
  }
}

function subAttributePath(parent: string, subAttribute: Attribute): string {
  return `${parent}.${subAttribute.name}`
}

function meetUnknownPath(reading: PatchReading, text: string): undefined {
  if (reading.switches.unknownPatchPath === 'refuse') {
    throw refuse('invalid_path', `A ${reading.type.name} has no attribute ${quote(text)}.`)
  }
  reading.note('unknown path ignored')
}

/** Such a path is an attack or a mistake; it is refused even where unknown paths are ignored. */
function refuseInheritedNames(text: string): void {
  const path = text.split('[', 1)[0]!
  for (const name of path.split(/[.:]/)) {
    if (name === 'prototype' || name in Object.prototype) {
      throw refuse('invalid_path', `There is no attribute ${quote(name)}.`)
    }
  }
}
