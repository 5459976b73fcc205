import { resolvePath } from '../schema/path.ts'
import type { Attribute, ResolvedPath, ResourceType } from '../schema/types.ts'
import { allOf, anyElement, anyOf, constant, negate } from './combine.ts'
import { resolveLiteral, suits } from './literal.ts'
import { isReadable } from './readable.ts'
import { refuseFilter } from './refuse.ts'
import type { FilterNode, FilterReading, FilterTarget, ResolvedFilter } from './types.ts'

type Condition = Extract<FilterNode, { readonly kind: 'compare' | 'present' }>
type ValuePath = Extract<FilterNode, { readonly kind: 'valuePath' }>

/** How the leaves of a filter are understood: against a whole resource, or within one element. */
interface LeafReader {
  readonly condition: (node: Condition) => ResolvedFilter
  readonly valuePath: (node: ValuePath) => ResolvedFilter
}

/**
 * Resolves a filter against the attributes of a resource type: every path found, every operator and literal checked
 * against the attribute's type, literals in comparison form (RFC 7644 section 3.4.2.2).
 *
 * A complex attribute without sub-attribute means its `value`. An attribute that the schemas do not know
 * is refused, or compared as one without a value, as the switch says.
 * @throws UsherError `invalid_filter`, naming the column
 */
export function resolveFilter(type: ResourceType, node: FilterNode, reading: FilterReading): ResolvedFilter {
  return resolveTree(node, {
    condition: (condition) => resolveCondition(type, condition, reading),
    valuePath: (valuePath) => resolveValuePath(type, valuePath, reading),
  })
}

/**
 * Resolves the filter between the brackets after a multi-valued attribute, whose names are its sub-attributes. The
 * elements of a simple multi-valued attribute are called `value`.
 * @throws UsherError `invalid_filter`, naming the column
 */
export function resolveElementFilter(attribute: Attribute, node: FilterNode, reading: FilterReading): ResolvedFilter {
  return resolveTree(node, {
    condition: (condition) => resolveElementCondition(attribute, condition, reading),
    valuePath: (valuePath) => refuseFilter(valuePath.column, 'brackets inside brackets are not allowed'),
  })
}

function resolveTree(node: FilterNode, reader: LeafReader): ResolvedFilter {
  switch (node.kind) {
    case 'and':
      return allOf(node.terms.map((term) => resolveTree(term, reader)))
    case 'or':
      return anyOf(node.terms.map((term) => resolveTree(term, reader)))
    case 'not':
      return negate(resolveTree(node.term, reader))
    case 'valuePath':
      return reader.valuePath(node)
    default:
      return reader.condition(node)
  }
}

function resolveCondition(type: ResourceType, node: Condition, reading: FilterReading): ResolvedFilter {
  const found = findAttribute(type, node.path, reading)
  if (found === undefined) return unknownAttribute(node, reading)
  if (found.kind === 'attribute') {
    return isMeantElsewhere(found, node, reading) ? unequal(node) : onTarget(found, node, reading)
  }
  if (node.kind === 'compare' && node.value !== null) return refuseComplex(node)
  return onExtension(type, found.schema, node)
}

/** A comparison that makes sense for the attribute of this name of another resource type only. */
function isMeantElsewhere(target: FilterTarget, node: Condition, reading: FilterReading): boolean {
  const { resourceTypes } = reading
  if (resourceTypes === undefined || node.kind === 'present') return false
  const isMeant = ({ attribute, subAttribute }: FilterTarget) => {
    const leaf = subAttribute ?? attribute
    const compared = leaf.type === 'complex' ? leaf.subAttributesByName.get('value') : leaf
    return compared !== undefined && isReadable(compared) && suits(compared, node, reading)
  }
  if (!isReadable(target.attribute) || isMeant(target)) return false
  return resourceTypes.some((type) => {
    const found = resolvePath(type, node.path)
    return found?.kind === 'attribute' && isMeant(found)
  })
}

/** RFC 7644 section 3.10 wants the URN of an extension in front of its attributes. */
function findAttribute(type: ResourceType, path: string, reading: FilterReading): ResolvedPath | undefined {
  const found = resolvePath(type, path)
  const isBare =
    found?.kind === 'attribute' && found.attribute.extension !== undefined && !path.toLowerCase().startsWith('urn:')
  if (!isBare) return found
  if (reading.bareExtensionNames === 'refuse') return undefined
  reading.note?.('extension attribute without its URN')
  return found
}

/** `urn:… pr`: the extension has a value if one of its attributes has. */
function onExtension(type: ResourceType, schema: string, node: Condition): ResolvedFilter {
  const attributes = [...(type.extensionAttributes.get(schema.toLowerCase())?.values() ?? [])]
  const present = anyOf(attributes.filter(isReadable).map(isPresent))
  if (node.kind === 'present' || node.operator === 'ne') return present
  return node.operator === 'eq' ? negate(present) : refuseComplex(node)
}

function resolveElementCondition(attribute: Attribute, node: Condition, reading: FilterReading): ResolvedFilter {
  if (attribute.type === 'complex') {
    const subAttribute = attribute.subAttributesByName.get(node.path.toLowerCase())
    if (subAttribute === undefined) return unknownAttribute(node, reading)
    return onTarget({ attribute, subAttribute }, node, reading)
  }
  if (node.path.toLowerCase() !== 'value') return unknownAttribute(node, reading)
  const resolved = onTarget({ attribute, subAttribute: undefined }, node, reading)
  if (resolved.kind === 'present') return constant(true)
  // An element of a list of simple values is never without a value.
  return resolved.kind === 'compare' && resolved.value === null ? constant(resolved.operator === 'ne') : resolved
}

function onTarget(target: FilterTarget, node: Condition, reading: FilterReading): ResolvedFilter {
  const { attribute, subAttribute } = target
  if (!isReadable(attribute) || (subAttribute !== undefined && !isReadable(subAttribute))) {
    return refuseFilter(node.column, `"${node.path}" is never returned and cannot be asked for`)
  }
  if (node.kind === 'present') return { kind: 'present', target: { attribute, subAttribute } }
  const compared = node.value === null ? target : comparedTarget(target, node)
  const value = resolveLiteral(compared.subAttribute ?? compared.attribute, node, reading)
  return {
    kind: 'compare',
    target: { attribute: compared.attribute, subAttribute: compared.subAttribute },
    operator: node.operator,
    value,
  }
}

/**
 * `emails eq "x"` is about the value of an e-mail, and so Microsoft Entra ID asks for a `manager`; a complex attribute
 * as such equals nothing.
 */
function comparedTarget(target: FilterTarget, node: Condition): FilterTarget {
  const { attribute, subAttribute } = target
  if (attribute.type !== 'complex' || subAttribute !== undefined) return target
  const value = attribute.subAttributesByName.get('value')
  if (value === undefined || !isReadable(value)) return refuseComplex(node)
  return { attribute, subAttribute: value }
}

function resolveValuePath(type: ResourceType, node: ValuePath, reading: FilterReading): ResolvedFilter {
  const found = findAttribute(type, node.path, reading)
  if (found === undefined) {
    if (reading.unknownFilterAttribute === 'refuse') return refuseUnknown(node)
    reading.note?.('unknown attribute in a filter')
    return constant(false)
  }
  if (found.kind === 'extension' || found.subAttribute !== undefined) {
    return refuseFilter(node.column, `"${node.path}" cannot have a filter in brackets`)
  }
  const { attribute } = found
  if (!isReadable(attribute)) {
    return refuseFilter(node.column, `"${node.path}" is never returned and cannot be asked for`)
  }
  const terms = [node.filter, ...(node.rest === undefined ? [] : [node.rest.condition])]
  const filter = allOf(terms.map((term) => resolveElementFilter(attribute, term, reading)))
  if (attribute.type === 'complex') {
    return attribute.multiValued ? anyElement(attribute, filter) : allOf([isPresent(attribute), filter])
  }
  if (!attribute.multiValued) {
    return refuseFilter(node.column, `"${node.path}" has one simple value and cannot have a filter in brackets`)
  }
  return onSimpleElements(attribute, filter, node)
}

/**
 * One comparison in brackets after a list of simple values says what it says without brackets, and so does each side
 * of an `or`. Two conditions on the same simple value cannot be asked of the database.
 */
function onSimpleElements(attribute: Attribute, filter: ResolvedFilter, node: ValuePath): ResolvedFilter {
  if (filter.kind === 'constant') return anyElement(attribute, filter)
  if (filter.kind === 'compare') return filter
  if (filter.kind === 'or') return anyOf(filter.terms.map((term) => onSimpleElements(attribute, term, node)))
  return refuseFilter(node.column, `the brackets after "${node.path}" can hold comparisons joined by "or" only`)
}

function unknownAttribute(node: Condition, reading: FilterReading): ResolvedFilter {
  if (reading.unknownFilterAttribute === 'refuse') return refuseUnknown(node)
  reading.note?.('unknown attribute in a filter')
  return unequal(node)
}

/** What a comparison comes to for an attribute that never has a value. */
function unequal(node: Condition): ResolvedFilter {
  if (node.kind === 'present') return constant(false)
  return constant(node.operator === (node.value === null ? 'eq' : 'ne'))
}

function isPresent(attribute: Attribute): ResolvedFilter {
  return { kind: 'present', target: { attribute, subAttribute: undefined } }
}

function refuseUnknown(node: { readonly path: string; readonly column: number }): never {
  return refuseFilter(node.column, `there is no attribute "${node.path}"`)
}

function refuseComplex(node: Condition): never {
  return refuseFilter(node.column, `"${node.path}" is complex; name the sub-attribute to compare`)
}
