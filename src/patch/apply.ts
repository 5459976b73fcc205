import { equalValues } from '../schema/equal.ts'
import type { Attribute, JsonValue, Resource, ResourceType } from '../schema/types.ts'
import { validateResource } from '../schema/validate.ts'
import { applyAdd } from './add.ts'
import type { Applying } from './applying.ts'
import { deferOperation } from './deferred.ts'
import { effortLimit, effortOf } from './effort.ts'
import { elementsOf, tidyElements } from './elements.ts'
import { removeExtension } from './extension.ts'
import { keepImmutable } from './merge.ts'
import { isEmpty, isObject, valueAt, withValueAt } from './place.ts'
import { refuse } from './reading.ts'
import { applyRemove } from './remove.ts'
import { applyReplace } from './replace.ts'
import type { AttributeTarget, DeferredChange, PatchOperation, PatchResult } from './types.ts'

/** How operations are applied. */
export interface ApplyPatchOptions extends Applying {
  /** Paths of multi-valued attributes whose elements are not in the resource, such as `members`. */
  readonly deferred?: readonly string[]
}

/**
 * Applies operations in order, each to the result of the one before, and checks the result as a whole (RFC 7644
 * section 3.5.2). Either all of them count or, by an error, none; the given resource is never changed, and it is the
 * result itself when nothing changed.
 *
 * @param operations from `readPatch`
 * @throws UsherError `invalid_value`, `mutability`, `no_target`; `too_many` for filters that compare too much
 */
export function applyPatch(
  type: ResourceType,
  resource: Resource,
  operations: readonly PatchOperation[],
  options: ApplyPatchOptions,
): PatchResult {
  const deferred: DeferredChange[] = []
  const lists = new Set<Attribute>()
  let patched = resource
  let effort = 0
  for (const operation of operations) {
    const { path } = operation
    if (path.kind === 'extension') {
      patched = removeExtension(type, patched, { ...operation, path })
    } else if (options.deferred?.includes(path.attribute.path)) {
      const change = deferOperation({ ...operation, path })
      if (change !== undefined) deferred.push(change)
    } else {
      effort += effortOf(patched, path)
      if (effort > effortLimit) throw refuse('too_many', 'The filters in the paths compare too many values.')
      patched = applyToAttribute(options, patched, { ...operation, path })
      if (path.attribute.multiValued) lists.add(path.attribute)
    }
  }
  for (const attribute of lists) patched = tidyList(patched, attribute)
  if (equalValues(patched, resource)) return { resource, changed: false, deferred, operations }
  validateResource(type, patched)
  return { resource: patched, changed: true, deferred, operations }
}

function applyToAttribute(
  applying: Applying,
  resource: Resource,
  operation: PatchOperation<AttributeTarget>,
): Resource {
  const { attribute } = operation.path
  const before = valueAt(resource, attribute.keys)
  const after = applyVerb(applying, operation, before)
  if (after === before) return resource
  return withValueAt(resource, attribute.keys, keepImmutable(attribute, before, isNothing(after) ? undefined : after))
}

function applyVerb(
  applying: Applying,
  operation: PatchOperation<AttributeTarget>,
  before: JsonValue | undefined,
): JsonValue | undefined {
  switch (operation.op) {
    case 'add':
      return applyAdd(applying, operation, before)
    case 'remove':
      return applyRemove(applying, operation, before)
    case 'replace':
      return applyReplace(applying, operation, before)
  }
}

/** Only after the last operation: one operation may name the type of an element and the next one its value. */
function tidyList(resource: Resource, attribute: Attribute): Resource {
  const before = valueAt(resource, attribute.keys)
  return before === undefined
    ? resource
    : withValueAt(resource, attribute.keys, tidyElements(attribute, elementsOf(before)))
}

function isNothing(value: JsonValue | undefined): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && isEmpty(value)
}
