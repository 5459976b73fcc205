import { printFilter } from '../filter/print.ts'
import type { FilterNode } from '../filter/types.ts'
import { equalValues } from '../schema/equal.ts'
import { comparisonText } from '../schema/fold.ts'
import { normaliseElement, normaliseValue } from '../schema/normalise-value.ts'
import type { Attribute, JsonValue } from '../schema/types.ts'
import type { PatchReading } from './reading.ts'

/**
 * What a filter in brackets says outright about the elements that it selects: `type eq "work" and primary eq true`
 * gives both sub-attributes. An element made from them, as Microsoft Entra ID expects, is one that the filter finds.
 *
 * @returns undefined if the filter says anything else, or contradicts itself
 */
export function readSelectors(
  reading: PatchReading,
  attribute: Attribute,
  node: FilterNode,
): Readonly<Record<string, JsonValue>> | undefined {
  const selectors: Record<string, JsonValue> = {}
  const collect = (term: FilterNode): boolean => {
    if (term.kind === 'and') return term.terms.every(collect)
    if (term.kind !== 'compare' || term.operator !== 'eq' || term.value === null) return false
    const name = elementName(attribute, term.path)
    if (name === undefined) return false
    const value = readSelectorValue(reading, attribute, name, term.value)
    if (value === undefined || (Object.hasOwn(selectors, name) && !equalValues(selectors[name], value))) return false
    selectors[name] = value
    return true
  }
  return collect(node) ? selectors : undefined
}

function readSelectorValue(
  reading: PatchReading,
  attribute: Attribute,
  name: string,
  value: string | number | boolean,
): JsonValue | undefined {
  // the literal was checked and noted when the filter was resolved
  const options = { switches: reading.switches, note: () => {} }
  if (attribute.type !== 'complex') return normaliseElement(reading.type, attribute, value, options)
  const subAttribute = attribute.subAttributesByName.get(name.toLowerCase())
  if (subAttribute === undefined || subAttribute.multiValued || subAttribute.name === '$ref') return undefined
  return normaliseValue(reading.type, attribute, subAttribute, value, options)
}

/** Writes a filter in brackets so that two spellings of the same path become one. */
export function printElementFilter(attribute: Attribute, node: FilterNode): string {
  return printFilter(toCanonical(attribute, node))
}

function toCanonical(attribute: Attribute, node: FilterNode): FilterNode {
  switch (node.kind) {
    case 'and':
    case 'or':
      return { ...node, terms: node.terms.map((term) => toCanonical(attribute, term)) }
    case 'not':
      return { ...node, term: toCanonical(attribute, node.term) }
    case 'present':
      return { ...node, path: elementName(attribute, node.path) ?? node.path }
    case 'compare': {
      const path = elementName(attribute, node.path)
      if (path === undefined) return node
      return { ...node, path, value: toCanonicalLiteral(comparedAttribute(attribute, path), node.value) }
    }
    case 'valuePath':
      return node
  }
}

function toCanonicalLiteral<Literal>(attribute: Attribute, value: Literal): Literal | string | boolean {
  if (typeof value !== 'string') return value
  if (attribute.type === 'boolean') return value.toLowerCase() === 'true'
  return comparisonText(attribute, value)
}

function comparedAttribute(attribute: Attribute, name: string): Attribute {
  return attribute.subAttributesByName.get(name.toLowerCase()) ?? attribute
}

/** The name of a sub-attribute as the schema spells it; simple elements are called `value`. */
function elementName(attribute: Attribute, path: string): string | undefined {
  const name = path.toLowerCase()
  if (attribute.type !== 'complex') return name === 'value' ? 'value' : undefined
  return attribute.subAttributesByName.get(name)?.name
}
