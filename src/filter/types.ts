import type { Attribute, ResourceType } from '../schema/types.ts'

/** Switches of a dialect that the reading of a filter depends on. */
export interface FilterSwitches {
  /** An attribute that the schemas do not know: 400, or a comparison with nothing. */
  readonly unknownFilterAttribute: 'refuse' | 'noValue'
  /** Unquoted literals, which the ABNF forbids and some clients send. */
  readonly bareWords: 'refuse' | 'accept'
  readonly stringBooleans: 'accept' | 'refuse'
  /** The name of an extension's attribute without the URN in front. */
  readonly bareExtensionNames: 'accept' | 'refuse'
}

/** How a filter is read: the dialect's switches, and where the names of tolerances that were needed go. */
export interface FilterReading extends FilterSwitches {
  readonly note?: (name: string) => void
  /** All resource types that the filter is asked of, where there are several: one name may stand for different things. */
  readonly resourceTypes?: readonly ResourceType[]
}

export type CompareOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le'
export type FilterLiteral = string | number | boolean | null

/** The tree of RFC 7644 Figure 1 as it was written; `column` is 1-based and points into the text. */
export type FilterNode =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly term: FilterNode }
  | { readonly kind: 'present'; readonly path: string; readonly column: number }
  | {
      readonly kind: 'compare'
      readonly path: string
      readonly operator: CompareOperator
      readonly value: FilterLiteral
      readonly column: number
    }
  | {
      readonly kind: 'valuePath'
      readonly path: string
      readonly filter: FilterNode
      /** `emails[type eq "work"].value eq "x"`: what follows the bracket, which Figure 1 lacks and Entra sends. */
      readonly rest?: { readonly subAttribute: string; readonly condition: FilterNode }
      readonly column: number
    }

/** Where a comparison looks: an attribute or sub-attribute of the resource type. */
export interface FilterTarget {
  readonly attribute: Attribute
  readonly subAttribute: Attribute | undefined
}

/**
 * The tree after resolution against a resource type: every path known, every literal of the attribute's type and in
 * comparison form (folded string, number, boolean, Date as epoch milliseconds).
 * Inside a `valuePath` the targets' `subAttribute` is what is compared within one element.
 */
export type ResolvedFilter =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly ResolvedFilter[] }
  | { readonly kind: 'not'; readonly term: ResolvedFilter }
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'present'; readonly target: FilterTarget }
  | {
      readonly kind: 'compare'
      readonly target: FilterTarget
      readonly operator: CompareOperator
      readonly value: string | number | boolean | Date | null
    }
  | { readonly kind: 'valuePath'; readonly attribute: Attribute; readonly filter: ResolvedFilter }
  /** A leaf that only the directory can answer (members, groups, roles …), already answered as a query on documents. */
  | { readonly kind: 'query'; readonly query: MongoQuery }

/** A query document for MongoDB. Keys and operators come from the compiler, never from a client. */
export interface MongoQuery {
  readonly [key: string]: unknown
}
