/**
 * The chain of an organization's numbered change records: each carries a hash over itself and the hash of the one before
 * it, so that a record which was edited, removed or put in later does not fit any more.
 */
import { createHash } from 'node:crypto'
import type { ChangeDocument } from '../store/documents.ts'
import { canonicalJson } from './canonical-json.ts'

/** What the first record of a feed is chained to. */
export const chainBegin = ''

/** The hash that a record carries behind the one with `previous`; the record has its number already. */
export function chainOf(previous: string, change: ChangeDocument): string {
  const { chain: _chain, unnumbered: _unnumbered, ...said } = change
  return createHash('sha256')
    .update(`${previous}\n${canonicalJson(said)}`)
    .digest('base64url')
}
