/** Where the documents of a type have what a list is sorted by. */
import { externalIdClient, type RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { Sort } from '../filter/sort.ts'
import type { ResourceType } from '../schema/types.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { externalIdKey, isWriter, writersKey } from './external-id-order.ts'
import { numberChanges } from './feed.ts'
import { collectionOf, typeQuery } from './listable.ts'
import { kindOfAttribute, type SortKey, valueAt } from './walk.ts'

/** Where `resolveSort` expects these; documents have the id as their `_id`. */
const idKey = 'search.id'
const versionKey = 'search.meta.version'
const lastModifiedKey = 'search.meta.lastModified'
const lastExternalIdKey = 'search.externalId'

/** Required keys with a unique index: nothing is absent or equal there. */
const uniqueKeys: Readonly<Record<string, string>> = { User: 'search.userName', Group: 'search.displayName' }

export function isById({ key }: Sort): boolean {
  return key === idKey
}

/**
 * A SCIM client sorts by its own externalIds, everybody else by those that were written last.
 * @throws UsherError `invalid_value` for the version of groups, which is stored nowhere
 */
export async function sortKeyOf(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  { key, target }: Sort,
): Promise<SortKey> {
  if (type.name === 'Group' && key === versionKey) {
    throw new UsherError('invalid_value', 'Groups cannot be sorted by "meta.version": it follows from their members.')
  }
  // Documents of groups hear of their members' changes when those get numbers.
  if (type.name === 'Group' && key === lastModifiedKey) await numberChanges(environment, context.organization.id)
  if (key === lastExternalIdKey && externalIdClient(context) !== undefined) {
    return ownExternalIds(environment, context, type)
  }
  const isUnique = key === uniqueKeys[type.name]
  return {
    key,
    kind: kindOfAttribute(target.subAttribute ?? target.attribute),
    // An index has what is absent under null, in front: `$ne` does not walk over it, where `$exists` would.
    present: { [key]: { $ne: null } },
    absent: isUnique ? null : { [key]: { $exists: false } },
    ties: isUnique ? 'none' : 'id',
  }
}

async function ownExternalIds(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
): Promise<SortKey> {
  const key = externalIdKey(type, context.source)
  const others = (await readWriters(environment, context, type)).filter((writers) => !isWriter(writers, context.source))
  return {
    key,
    kind: 'text',
    present: { [key]: { $gte: '' } },
    absent: { [writersKey]: { $in: [null, ...others] } },
    ties: 'joined',
  }
}

/** Whose externalIds there are together in one resource: few combinations, each looked for behind the one before. */
async function readWriters(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
): Promise<readonly string[]> {
  const found: string[] = []
  for (;;) {
    const [next] = await collectionOf(environment, type).find(
      context.organization.id,
      typeQuery(type, { [writersKey]: { $gt: found.at(-1) ?? '' } }),
      { sort: { [writersKey]: 1 }, limit: 1, projection: { _id: 0, [writersKey]: 1 } },
    )
    if (next === undefined) return found
    found.push(String(valueAt(next, writersKey)))
  }
}
