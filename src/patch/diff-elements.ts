import { UsherError } from '../errors.ts'
import type { ResolvedFilter } from '../filter/types.ts'
import { equalValues } from '../schema/equal.ts'
import { comparisonText } from '../schema/fold.ts'
import type { Attribute, JsonValue } from '../schema/types.ts'
import { applyAdd } from './add.ts'
import type { Applying } from './applying.ts'
import { type Elements, elementsOf, tidyElements } from './elements.ts'
import { wholeAttribute } from './path.ts'
import { memberOf } from './place.ts'
import { applyRemove } from './remove.ts'
import { applyReplace } from './replace.ts'
import type { AttributeTarget, PatchOperation, WrittenPatchOperation } from './types.ts'

const applying: Applying = {
  switches: {
    filteredReplaceMiss: 'noTarget',
    filteredAddMiss: 'refuse',
    filteredRemoveMiss: 'noTarget',
    pathlessPatch: 'refuse',
    unknownPatchPath: 'refuse',
    complexReplace: 'merge',
    patchOpSchemas: 'require',
    emptyOperations: 'refuse',
  },
  note: () => {},
}

const verbs = { add: applyAdd, remove: applyRemove, replace: applyReplace }

/** A path is of bounded length; longer values do not tell elements apart. */
const keyLimit = 1_000

/**
 * The operations on single elements that make one list of another: elements are told apart by their `type` or by their
 * `value`, whichever needs fewer operations.
 *
 * @returns undefined if no such operations give exactly the new list, or if they would touch every element anyway
 */
export function diffElements(
  attribute: Attribute,
  before: Elements,
  after: Elements,
): readonly WrittenPatchOperation[] | undefined {
  let fewest: readonly PatchOperation<AttributeTarget>[] | undefined
  for (const name of ['type', 'value']) {
    const operations = describeChanges(attribute, name, before, after)
    if (operations === undefined || (fewest !== undefined && fewest.length <= operations.length)) continue
    if (isWorthwhile(operations, before) && leadsTo(attribute, operations, before, after)) fewest = operations
  }
  return fewest?.map(({ op, path, value }) => ({
    op,
    path: path.canonical,
    ...(value === undefined ? {} : { value }),
  }))
}

/** One operation is as good as the replacement of the list; several should leave something of it alone. */
function isWorthwhile(operations: readonly PatchOperation<AttributeTarget>[], before: Elements): boolean {
  const touched = new Set(
    operations.filter(({ op, path }) => op !== 'add' || path.filter).map(({ path }) => filterText(path)),
  )
  return operations.length === 1 || touched.size < before.length
}

function filterText({ canonical }: AttributeTarget): string {
  return canonical.slice(0, canonical.lastIndexOf(']'))
}

function describeChanges(
  attribute: Attribute,
  name: string,
  before: Elements,
  after: Elements,
): readonly PatchOperation<AttributeTarget>[] | undefined {
  const old = byKey(attribute, name, before)
  const current = byKey(attribute, name, after)
  if (old === undefined || current === undefined) return undefined

  const removed = [...old].filter(([key]) => !current.has(key))
  const added = [...current].filter(([key]) => !old.has(key)).map(([, element]) => element)
  const changes = [...old].flatMap(([key, element]) => {
    const next = current.get(key)
    return next === undefined ? [] : diffElement(attribute, name, element, next)
  })
  return [
    ...removed.map(([, element]) => ({
      op: 'remove' as const,
      path: elementTarget(attribute, name, element, undefined),
      value: undefined,
    })),
    ...changes,
    ...(added.length === 0 ? [] : [{ op: 'add' as const, path: wholeAttribute(attribute), value: added }]),
  ]
}

function diffElement(
  attribute: Attribute,
  name: string,
  before: JsonValue,
  after: JsonValue,
): readonly PatchOperation<AttributeTarget>[] {
  if (attribute.type !== 'complex') {
    return before === after
      ? []
      : [{ op: 'replace', path: elementTarget(attribute, name, before, undefined), value: after }]
  }
  return attribute.subAttributes.flatMap((sub): readonly PatchOperation<AttributeTarget>[] => {
    const is = memberOf(after, sub.name)
    if (equalValues(memberOf(before, sub.name), is)) return []
    const path = elementTarget(attribute, name, before, sub)
    return [is === undefined ? { op: 'remove', path, value: undefined } : { op: 'replace', path, value: is }]
  })
}

/** Undefined if the elements cannot be told apart by this name. */
function byKey(attribute: Attribute, name: string, list: Elements): ReadonlyMap<string, JsonValue> | undefined {
  const key = keyAttribute(attribute, name)
  if (key === undefined) return undefined
  const elements = new Map<string, JsonValue>()
  for (const element of list) {
    const value = keyOf(attribute, name, element)
    if (typeof value !== 'string' || value.length > keyLimit) return undefined
    const text = comparisonText(key, value)
    // a text that folds to nothing counts as no value in a filter
    if (text === '' || elements.has(text)) return undefined
    elements.set(text, element)
  }
  return elements
}

/** What the filter in brackets compares; only texts that a filter may ask for tell elements apart. */
function keyAttribute(attribute: Attribute, name: string): Attribute | undefined {
  const key = attribute.type === 'complex' ? attribute.subAttributesByName.get(name) : attribute
  if (key === undefined || (key === attribute && name !== 'value')) return undefined
  const isText = key.type === 'string' || key.type === 'reference' || key.type === 'binary'
  return isText && key.returned !== 'never' && key.mutability !== 'writeOnly' ? key : undefined
}

function keyOf(attribute: Attribute, name: string, element: JsonValue): JsonValue | undefined {
  return attribute.type === 'complex' ? memberOf(element, name) : element
}

function elementTarget(
  attribute: Attribute,
  name: string,
  element: JsonValue,
  subAttribute: Attribute | undefined,
): AttributeTarget {
  const key = keyAttribute(attribute, name) ?? attribute
  const value = String(keyOf(attribute, name, element))
  const filter: ResolvedFilter = {
    kind: 'compare',
    target: { attribute, subAttribute: key === attribute ? undefined : key },
    operator: 'eq',
    value: comparisonText(key, value),
  }
  const list = `${attribute.path}[${name} eq ${JSON.stringify(value)}]`
  const canonical = subAttribute === undefined ? list : `${list}.${subAttribute.name}`
  return { kind: 'attribute', attribute, subAttribute, filter, selectors: { [name]: value }, canonical }
}

/** Whether the operations give exactly this list; the order of elements counts. */
function leadsTo(
  attribute: Attribute,
  operations: readonly PatchOperation<AttributeTarget>[],
  before: Elements,
  after: Elements,
): boolean {
  let list: JsonValue | undefined = before
  try {
    for (const operation of operations) list = verbs[operation.op](applying, operation, list)
  } catch (error) {
    // immutable and required sub-attributes go with their element only
    if (error instanceof UsherError) return false
    throw error
  }
  return equalValues(tidyElements(attribute, elementsOf(list)), after)
}
