/** What a part of an expression comes to, and what it costs. */
import type { JsonValue } from '../../schema/types.ts'
import type { ClaimReading } from '../claims.ts'

export type Given =
  | string
  | number
  | boolean
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined }

/** As a claim is read, but for what is empty: `""` and `[]` are values like others until the end. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: Given }
  | { readonly kind: 'absent' }
  | { readonly kind: 'overage' }
  | { readonly kind: 'malformed'; readonly reason: string }

export const absent: Outcome = { kind: 'absent' }

export function malformed(reason: string): Outcome {
  return { kind: 'malformed', reason }
}

/** Null counts as absent. */
export function given(value: JsonValue | undefined): Outcome {
  return value === undefined || value === null ? absent : { kind: 'value', value }
}

/** The longest text and list that an expression makes. */
export const MAX_TEXT_LENGTH = 4096
export const MAX_LIST_LENGTH = 1000
/** Nodes evaluated, elements visited and characters written, together. */
const MAX_EFFORT = 100_000

export class TooMuchEffort extends Error {}

/** Counts what one evaluation does, so that its time is bounded whatever the claims hold. */
export class Effort {
  #left = MAX_EFFORT

  /** @throws TooMuchEffort */
  spend(units: number): void {
    this.#left -= units
    if (this.#left < 0) throw new TooMuchEffort()
  }
}

export function isText(value: JsonValue | undefined): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** Whether there is something: neither nothing nor an empty text or list. */
export function hasValue(outcome: Outcome): boolean {
  return outcome.kind === 'value' && outcome.value !== '' && !(isList(outcome.value) && outcome.value.length === 0)
}

/** A text that was made. */
export function makeText(text: string, effort: Effort): Outcome {
  effort.spend(text.length)
  return text.length > MAX_TEXT_LENGTH ? malformed('the text becomes too long') : { kind: 'value', value: text }
}

/** A list that was made. */
export function makeList(list: readonly JsonValue[], effort: Effort): Outcome {
  effort.spend(list.length)
  return list.length > MAX_LIST_LENGTH ? malformed('the list becomes too long') : { kind: 'value', value: list }
}

/** One value is a list of one; nulls are no elements. */
export function elementsOf(value: Given): readonly JsonValue[] {
  return isList(value) ? value.filter((element) => element !== null) : [value]
}

/** What a whole expression came to, as a claim would have been read. */
export function toReading(outcome: Outcome): ClaimReading {
  if (outcome.kind !== 'value') return outcome
  return hasValue(outcome) ? outcome : { kind: 'empty' }
}
