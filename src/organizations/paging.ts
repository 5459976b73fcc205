import { UsherError } from '../errors.ts'
import type { Query, ScopedCollection } from '../store/collection.ts'
import type { Listing, PageRequest } from './types.ts'

/**
 * One page of an organization's documents in the order of their ids, which is the order of creation. The cursor is the
 * id of the last one; the query is scoped anyway, so it says nothing about other organizations.
 *
 * @throws UsherError `invalid_cursor`
 */
export async function readPage<Document extends { readonly _id: string; readonly org: string }, Item>(
  collection: ScopedCollection<Document>,
  org: string,
  query: Query,
  page: PageRequest,
  show: (document: Document) => Item,
): Promise<Listing<Item>> {
  const after = page.cursor === undefined ? {} : { _id: { $gt: readCursor(page.cursor) } }
  const documents = await collection.find(org, { ...query, ...after }, { sort: { _id: 1 }, limit: page.limit + 1 })
  return toListing(documents, page.limit, show)
}

/** Takes one document more than the page holds: it says that there is a next page. */
export function toListing<Document extends { readonly _id: string }, Item>(
  documents: readonly Document[],
  limit: number,
  show: (document: Document) => Item,
): Listing<Item> {
  const shown = documents.slice(0, limit)
  const last = shown.at(-1)
  const items = shown.map(show)
  if (documents.length <= limit || last === undefined) return { items }
  return { items, nextCursor: Buffer.from(last._id).toString('base64url') }
}

/** @throws UsherError `invalid_cursor` */
export function readCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString('utf8')
  if (!/^[\w-]{1,64}$/.test(id)) throw new UsherError('invalid_cursor', 'The cursor is not one that a list has given.')
  return id
}
