import { UsherError } from '../errors.ts'
import { FractionForm } from './fraction-form.ts'
import type { NormaliseSwitches, ResourceType } from './types.ts'

/** How a body is read: the dialect's switches, and where the names of tolerances that were needed go. */
export interface NormaliseOptions {
  readonly switches: NormaliseSwitches
  readonly note: (name: string) => void
}

/** The reading of one body or value; handed down through the readers. */
export interface Reading extends NormaliseOptions {
  readonly type: ResourceType
  /**
   * `whole`: values of a POST or PUT, where readOnly sub-attributes are dropped and required ones must be there.
   * `part`: values of a PATCH, which complete what is stored already.
   */
  readonly extent: 'whole' | 'part'
}

/** Drops or refuses a name that the schemas do not know, as the dialect has it. */
export function meetUnknown(reading: Reading, name: string, where: string): void {
  if (reading.switches.unknownAttributes === 'refuse') {
    throw syntaxError(`${where} has no attribute ${quote(name)}.`)
  }
  reading.note('unknown attribute dropped')
}

/** A name or URI of a client inside a sentence: escaped and of bounded length. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}

/** Whether a value is what JSON calls an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof FractionForm)
}

/** Whether a value is one of those that mean "no value" whatever the attribute (RFC 7643 section 2.5). */
export function isUnassigned(value: unknown): value is undefined | null | readonly [] {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

export function syntaxError(detail: string): UsherError {
  return new UsherError('invalid_syntax', detail)
}
