/**
 * The order of externalIds, of which each client has its own. Their list in the document has no order that an index could
 * serve, so the comparison form holds them under their clients, each with the id of the resource behind it; and beside
 * them who the clients are, by which those without a value are found.
 */
import type { SearchForm } from '../schema/search-form.ts'
import type { ResourceType } from '../schema/types.ts'
import type { ExternalIdDocument } from '../store/documents.ts'
import { hasOwnCollection } from './listable.ts'

const place = 'search.sort.externalId'
/** Where documents say whose externalIds they have. */
export const writersKey = `${place}.writers`
/** Stands between a value and an id, in front of every other character. */
export const joint = '\0'

/** What the comparison form has for these externalIds; undefined for none. */
export function externalIdOrder(
  type: ResourceType,
  id: string,
  externalIds: readonly ExternalIdDocument[],
): SearchForm | undefined {
  if (externalIds.length === 0) return undefined
  return {
    of: Object.fromEntries(
      externalIds.map(({ client, value }) => [
        nameOf(type, client),
        `${value.replaceAll(joint, '\u0001')}${joint}${id}`,
      ]),
    ),
    writers: externalIds
      .map(({ client }) => client)
      .sort()
      .join(separator),
  }
}

/** Where the documents of a type have the value of a client. */
export function externalIdKey(type: ResourceType, client: string): string {
  return `${place}.of.${nameOf(type, client)}`
}

export function isWriter(writers: string, client: string): boolean {
  return writers.split(separator).includes(client)
}

const separator = ' '

/** Types that share a collection share its index. */
function nameOf(type: ResourceType, client: string): string {
  return hasOwnCollection(type) ? client : `${type.name}/${client}`
}
