import type { ResolvedFilter } from '../filter/types.ts'
import type { Attribute, JsonValue, Resource } from '../schema/types.ts'

/** Switches of a dialect that PATCH depends on; the conflict table of the dialects names the reasons. */
export interface PatchSwitches {
  readonly filteredReplaceMiss: 'noTarget' | 'create'
  readonly filteredAddMiss: 'create' | 'refuse'
  readonly filteredRemoveMiss: 'success' | 'noTarget'
  readonly pathlessPatch: 'accept' | 'refuse'
  readonly unknownPatchPath: 'refuse' | 'ignore'
  readonly complexReplace: 'merge' | 'whole'
  readonly patchOpSchemas: 'require' | 'infer'
  readonly emptyOperations: 'refuse' | 'noop'
}

export type PatchVerb = 'add' | 'remove' | 'replace'

/** A path that was parsed and resolved: `emails[type eq "work"].value`, `name.givenName`, an extension's URN. */
export type PatchPath = AttributeTarget | ExtensionTarget

export interface AttributeTarget {
  readonly kind: 'attribute'
  readonly attribute: Attribute
  readonly subAttribute: Attribute | undefined
  /** The filter in brackets. */
  readonly filter: ResolvedFilter | undefined
  /** `eq` comparisons joined by `and` in the filter: what a new element would get. Undefined for any other filter. */
  readonly selectors: Readonly<Record<string, JsonValue>> | undefined
  /** In canonical spelling, for provenance, records and messages. */
  readonly canonical: string
}

export interface ExtensionTarget {
  readonly kind: 'extension'
  readonly schema: string
  readonly canonical: string
}

/** One operation after the envelope was read, tolerances applied and path-less values split into one per attribute. */
export interface PatchOperation<Path extends PatchPath = PatchPath> {
  readonly op: PatchVerb
  readonly path: Path
  /**
   * Normalised against the schema; undefined for a remove without value and for null. A null within an object that is
   * to be merged unassigns that sub-attribute. A remove with a list takes these values away and no others.
   */
  readonly value: JsonValue | undefined
}

/**
 * What an operation on a deferred attribute (a group's `members`) asks for. The elements are not loaded to apply it;
 * the directory turns it into edges.
 */
export type DeferredChange =
  | { readonly kind: 'add'; readonly attribute: string; readonly values: readonly Resource[] }
  | { readonly kind: 'removeValues'; readonly attribute: string; readonly values: readonly string[] }
  | { readonly kind: 'removeMatching'; readonly attribute: string; readonly filter: ResolvedFilter }
  | { readonly kind: 'removeAll'; readonly attribute: string }
  | { readonly kind: 'replaceAll'; readonly attribute: string; readonly values: readonly Resource[] }

export interface PatchResult {
  /** The new resource; the same object when nothing changed. */
  readonly resource: Resource
  readonly changed: boolean
  /** In order; only for attributes that the caller named as deferred. */
  readonly deferred: readonly DeferredChange[]
  /** Every operation in canonical form, whether it changed something or not: what the client named. */
  readonly operations: readonly PatchOperation[]
}

/** An operation of a PatchOp message as plain JSON (RFC 7644 section 3.5.2). */
export type WrittenPatchOperation = {
  readonly op: PatchVerb
  readonly path: string
  readonly value?: JsonValue
}
