import { parseDateTime } from './date-time.ts'
import { comparisonText } from './fold.ts'
import type { Attribute, JsonObject, JsonValue, Resource, ResourceType } from './types.ts'

export type SearchValue = string | number | boolean | Date | readonly SearchValue[] | SearchForm

/** The comparison form of a resource: what filters, sorting and uniqueness look at. */
export interface SearchForm {
  readonly [name: string]: SearchValue | undefined
}

type Members = Record<string, SearchValue>

/**
 * Makes the comparison form of a resource:
 * - texts whose case does not matter are folded, others stay; dateTimes become dates;
 * - extension containers stand under their alias, since URNs hold dots;
 * - `sort` holds for each multi-valued attribute the primary value, else the first (RFC 7644 section 3.4.2.3): the
 *   `value` of a complex one, or the whole element where the schema has no `value`;
 * - an e-mail address has its domain beside it, so that looking for a domain needs no search inside texts;
 * - what is never returned is absent, and so is `$ref`, which is computed.
 *
 * Common attributes (`id`, `meta`, `schemas`) are taken over when the resource has them.
 */
export function toSearchForm(type: ResourceType, resource: Resource): SearchForm {
  const sort: Members = {}
  const form = formOfAll(type.attributes, resource, sort)
  for (const { schema, alias } of type.extensions) {
    const container = resource[schema]
    const attributes = type.extensionAttributes.get(schema.toLowerCase())
    if (container === undefined || attributes === undefined) continue
    const extensionSort: Members = {}
    const members = formOfAll(attributes.values(), container as JsonObject, extensionSort)
    if (Object.keys(members).length > 0) form[alias] = members
    if (Object.keys(extensionSort).length > 0) sort[alias] = extensionSort
  }
  if (Object.keys(sort).length > 0) form.sort = sort
  return form
}

function formOfAll(attributes: Iterable<Attribute>, values: JsonObject, sort: Members): Members {
  const members: Members = {}
  for (const attribute of attributes) {
    const value = values[attribute.name]
    if (value === undefined || value === null || attribute.returned === 'never') continue
    if (!attribute.multiValued) {
      const form = formOf(attribute, value)
      if (form !== undefined) members[attribute.name] = form
      continue
    }
    const list = formOfList(attribute, value as readonly JsonValue[])
    if (list.length === 0) continue
    members[attribute.name] = list
    const key = sortKey(attribute, list)
    if (key !== undefined) sort[attribute.name] = key
  }
  return members
}

function formOfList(attribute: Attribute, values: readonly JsonValue[]): SearchValue[] {
  const list: SearchValue[] = []
  for (const value of values) {
    const form = formOf(attribute, value)
    if (form !== undefined) list.push(form)
  }
  return list
}

function formOf(attribute: Attribute, value: JsonValue): SearchValue | undefined {
  switch (attribute.type) {
    case 'complex':
      return formOfComplex(attribute, value as JsonObject)
    case 'dateTime': {
      const moment = parseDateTime(value as string)
      return moment === undefined ? undefined : new Date(moment)
    }
    case 'string':
      return comparisonText(attribute, value as string)
    default:
      return value as string | number | boolean
  }
}

function formOfComplex(attribute: Attribute, value: JsonObject): SearchValue | undefined {
  const members: Members = {}
  let assigned = false
  for (const subAttribute of attribute.subAttributes) {
    const part = value[subAttribute.name]
    if (part === undefined || part === null || subAttribute.name === '$ref') continue
    if (subAttribute.returned === 'never') continue
    const form = subAttribute.multiValued
      ? formOfList(subAttribute, part as readonly JsonValue[])
      : formOf(subAttribute, part)
    if (form === undefined) continue
    members[subAttribute.name] = form
    assigned = true
  }
  if (!assigned) return undefined
  if (attribute.path === 'emails' && typeof members.value === 'string') {
    const domain = domainOf(members.value)
    if (domain !== '') members.domain = domain
  }
  return members
}

function domainOf(address: string): string {
  const at = address.lastIndexOf('@')
  return at < 0 ? '' : address.slice(at + 1)
}

/** Nobody sorts by certificates or pictures, and they would be stored once more. */
function sortKey(attribute: Attribute, list: readonly SearchValue[]): SearchValue | undefined {
  if (attribute.path === 'schemas') return undefined
  if (attribute.type !== 'complex') return isSortable(attribute) ? list[0] : undefined
  const elements = list as readonly SearchForm[]
  const chosen = elements.find((element) => element.primary === true) ?? elements[0]
  const value = attribute.subAttributesByName.get('value')
  if (value === undefined) return chosen
  return isSortable(value) ? chosen?.value : undefined
}

function isSortable(attribute: Attribute): boolean {
  return attribute.type !== 'binary' && attribute.type !== 'reference'
}
