import type { ResolvedFilter } from '../filter/types.ts'
import type { JsonValue, Resource } from '../schema/types.ts'
import { elementsOf } from './elements.ts'
import { isObject, memberOf } from './place.ts'
import { refuse, refuseMutation } from './reading.ts'
import type { AttributeTarget, DeferredChange, PatchOperation } from './types.ts'

/**
 * Says what an operation on a list means that is kept elsewhere, such as the members of a group, without knowing the
 * list. Its elements come and go, they never change (RFC 7643 section 4.2).
 *
 * @returns undefined if the operation asks for nothing
 * @throws UsherError `mutability` for a write to an element or a part of one, `invalid_value` for one without `value`
 */
export function deferOperation({ op, path, value }: PatchOperation<AttributeTarget>): DeferredChange | undefined {
  const { filter } = path
  const attribute = path.attribute.path
  if (path.subAttribute !== undefined || (filter !== undefined && op !== 'remove')) {
    throw refuseMutation(path.canonical, 'cannot be changed; add and remove values as a whole')
  }
  if (op === 'remove') {
    if (filter !== undefined) return removeByFilter(attribute, filter)
    if (value === undefined) return { kind: 'removeAll', attribute }
    return removeValues(
      attribute,
      elementsOf(value).map((element) => idOf(path, element)),
    )
  }
  const values = distinctElements(path, value)
  if (op === 'add') return values.length === 0 ? undefined : { kind: 'add', attribute, values }
  return values.length === 0 ? { kind: 'removeAll', attribute } : { kind: 'replaceAll', attribute, values }
}

function removeByFilter(attribute: string, filter: ResolvedFilter): DeferredChange | undefined {
  if (filter.kind === 'constant') return filter.value ? { kind: 'removeAll', attribute } : undefined
  const values = namedValues(filter)
  return values === undefined ? { kind: 'removeMatching', attribute, filter } : removeValues(attribute, values)
}

/** `value eq "a"`, alone or joined by `or`: the way in which nearly every client names members. */
function namedValues(filter: ResolvedFilter): readonly string[] | undefined {
  if (filter.kind === 'compare') {
    const { target, operator, value } = filter
    return target.subAttribute?.name === 'value' && operator === 'eq' && typeof value === 'string' ? [value] : undefined
  }
  if (filter.kind !== 'or') return undefined
  const values: string[] = []
  for (const term of filter.terms) {
    const named = namedValues(term)
    if (named === undefined) return undefined
    values.push(...named)
  }
  return values
}

function removeValues(attribute: string, values: readonly string[]): DeferredChange | undefined {
  return values.length === 0 ? undefined : { kind: 'removeValues', attribute, values: [...new Set(values)] }
}

/** Of several elements with one value the first. */
function distinctElements(path: AttributeTarget, value: JsonValue | undefined): readonly Resource[] {
  const elements = new Map<string, Resource>()
  for (const element of elementsOf(value)) {
    const key = idOf(path, element)
    if (isObject(element) && !elements.has(key)) elements.set(key, element)
  }
  return [...elements.values()]
}

function idOf({ attribute }: AttributeTarget, element: JsonValue): string {
  const value = memberOf(element, 'value')
  if (typeof value !== 'string') throw refuse('invalid_value', `"${attribute.path}.value" is required in every value.`)
  return value
}
