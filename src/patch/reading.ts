import { type ErrorCode, UsherError } from '../errors.ts'
import type { FilterSwitches } from '../filter/types.ts'
import type { NormaliseSwitches, ResourceType } from '../schema/types.ts'
import type { PatchSwitches } from './types.ts'

/** How a PATCH body is read. */
export interface ReadPatchOptions {
  readonly switches: PatchSwitches & NormaliseSwitches & FilterSwitches
  /** Takes the name of each tolerance that was needed. */
  readonly note: (name: string) => void
  /** The id of the resource that is patched: writing the same id again changes nothing. */
  readonly resourceId?: string | undefined
}

/** The reading of one PATCH body; handed down through the readers. */
export interface PatchReading extends ReadPatchOptions {
  readonly type: ResourceType
}

export function refuse(code: ErrorCode, detail: string): UsherError {
  return new UsherError(code, detail)
}

/** The refusal of a write to what only the service provider writes. */
export function refuseMutation(path: string, reason: string): UsherError {
  return new UsherError('mutability', `"${path}" ${reason}.`)
}

/** A member that was written down in any case of letters (`Operations`, `operations`). */
export interface Member {
  readonly name: string
  readonly value: unknown
}

/**
 * Finds a member of a message object whatever the case of its name.
 *
 * @param name in lower case
 * @throws UsherError `invalid_syntax` for a member in two spellings
 */
export function findMember(object: Readonly<Record<string, unknown>>, name: string): Member | undefined {
  let found: Member | undefined
  for (const key of Object.keys(object)) {
    if (key.length !== name.length || key.toLowerCase() !== name) continue
    if (found !== undefined) throw refuse('invalid_syntax', `The message has "${found.name}" twice, in two spellings.`)
    found = { name: key, value: object[key] }
  }
  return found
}
