import { resolvePath } from '../schema/path.ts'
import type { Attribute, ResolvedPath, ResourceType } from '../schema/types.ts'
import { allOf, anyElement, anyOf, constant, negate } from './combine.ts'
import { resolveLiteral } from './literal.ts'
import { isReadable } from './readable.ts'
import { refuseFilter } from './refuse.ts'
import type { FilterNode, FilterSwitches, FilterTarget, ResolvedFilter } from './types.ts'

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
export function resolveFilter(type: ResourceType, node: FilterNode, switches: FilterSwitches): ResolvedFilter {
  return resolveTree(node, {
    condition: (condition) => resolveCondition(type, condition, switches),
    valuePath: (valuePath) => resolveValuePath(type, valuePath, switches),
  })
}

/**
 * Resolves the filter between the brackets after a multi-valued attribute, whose names are its sub-attributes. The
 * elements of a simple multi-valued attribute are called `value`.
 * @throws UsherError `invalid_filter`, naming the column
 */
export function resolveElementFilter(attribute: Attribute, node: FilterNode, switches: FilterSwitches): ResolvedFilter {
  return resolveTree(node, {
    condition: (condition) => resolveElementCondition(attribute, condition, switches),
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

function resolveCondition(type: ResourceType, node: Condition, switches: FilterSwitches): ResolvedFilter {
  const found = findAttribute(type, node.path, switches)
  if (found === undefined) return unknownAttribute(node, switches)
  if (found.kind === 'attribute') return onTarget(found, node, switches)
  if (node.kind === 'compare' && node.value !== null) return refuseComplex(node)
  return onExtension(type, found.schema, node)
}

/** RFC 7644 section 3.10 wants the URN of an extension in front of its attributes. */
function findAttribute(type: ResourceType, path: string, switches: FilterSwitches): ResolvedPath | undefined {
  const found = resolvePath(type, path)
  if (switches.bareExtensionNames === 'accept' || found?.kind !== 'attribute') return found
  return found.attribute.extension === undefined || path.toLowerCase().startsWith('urn:') ? found : undefined
}

/** `urn:… pr`: the extension has a value if one of its attributes has. */
function onExtension(type: ResourceType, schema: string, node: Condition): ResolvedFilter {
  const attributes = [...(type.extensionAttributes.get(schema.toLowerCase())?.values() ?? [])]
  const present = anyOf(attributes.filter(isReadable).map(isPresent))
  if (node.kind === 'present' || node.operator === 'ne') return present
  return node.operator === 'eq' ? negate(present) : refuseComplex(node)
}

function resolveElementCondition(attribute: Attribute, node: Condition, switches: FilterSwitches): ResolvedFilter {
  if (attribute.type === 'complex') {
    const subAttribute = attribute.subAttributesByName.get(node.path.toLowerCase())
    if (subAttribute === undefined) return unknownAttribute(node, switches)
    return onTarget({ attribute, subAttribute }, node, switches)
  }
  if (node.path.toLowerCase() !== 'value') return unknownAttribute(node, switches)
  const resolved = onTarget({ attribute, subAttribute: undefined }, node, switches)
  if (resolved.kind === 'present') return constant(true)
  // An element of a list of simple values is never without a value.
  return resolved.kind === 'compare' && resolved.value === null ? constant(resolved.operator === 'ne') : resolved
}

function onTarget(target: FilterTarget, node: Condition, switches: FilterSwitches): ResolvedFilter {
  const { attribute, subAttribute } = target
  if (!isReadable(attribute) || (subAttribute !== undefined && !isReadable(subAttribute))) {
    return refuseFilter(node.column, `"${node.path}" is never returned and cannot be asked for`)
  }
  if (node.kind === 'present') return { kind: 'present', target: { attribute, subAttribute } }
  const compared = node.value === null ? target : comparedTarget(target, node)
  const value = resolveLiteral(compared.subAttribute ?? compared.attribute, node, switches)
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

function resolveValuePath(type: ResourceType, node: ValuePath, switches: FilterSwitches): ResolvedFilter {
  const found = findAttribute(type, node.path, switches)
  if (found === undefined) {
    return switches.unknownFilterAttribute === 'noValue' ? constant(false) : refuseUnknown(node)
  }
  if (found.kind === 'extension' || found.subAttribute !== undefined) {
    return refuseFilter(node.column, `"${node.path}" cannot have a filter in brackets`)
  }
  const { attribute } = found
  if (!isReadable(attribute)) {
    return refuseFilter(node.column, `"${node.path}" is never returned and cannot be asked for`)
  }
  const terms = [node.filter, ...(node.rest === undefined ? [] : [node.rest.condition])]
  const filter = allOf(terms.map((term) => resolveElementFilter(attribute, term, switches)))
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

/** What a comparison comes to for an attribute that never has a value. */
function unknownAttribute(node: Condition, switches: FilterSwitches): ResolvedFilter {
  if (switches.unknownFilterAttribute === 'refuse') return refuseUnknown(node)
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
