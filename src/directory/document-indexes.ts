/** The indexes that schema documents ask for: of attributes that are searchable, or unique. */
import { UsherError } from '../errors.ts'
import type { SchemaRegistry } from '../schema/registry.ts'
import type { Attribute, ResourceType } from '../schema/types.ts'
import { hasOwnCollection } from './listable.ts'

/** The keys of an index, the first of them that of the organization. */
export type IndexKeys = Readonly<Record<string, 1>>

export type DocumentIndexes = Readonly<Record<'users' | 'groups' | 'resources', readonly IndexKeys[]>>

/** A collection can have 64 of them, and every one is a part of every write. */
const indexLimit = 32

/** @throws UsherError `validation_failed` when documents ask for more than a collection can have */
export function documentIndexes(registry: SchemaRegistry): DocumentIndexes {
  const found = { users: new Map(), groups: new Map(), resources: new Map() } as const
  for (const type of registry.resourceTypes) {
    const indexes: Map<string, IndexKeys> = found[collectionName(type)]
    for (const attribute of attributesOf(type)) {
      for (const keys of indexesOf(type, attribute)) indexes.set(JSON.stringify(keys), keys)
    }
    if (indexes.size > indexLimit) {
      const problem = `The attributes of a ${type.name} ask for more than ${indexLimit} indexes: too many are searchable.`
      throw new UsherError('validation_failed', problem)
    }
  }
  return {
    users: [...found.users.values()],
    groups: [...found.groups.values()],
    resources: [...found.resources.values()],
  }
}

function collectionName(type: ResourceType): keyof DocumentIndexes {
  if (!hasOwnCollection(type)) return 'resources'
  return type.name === 'User' ? 'users' : 'groups'
}

/** Common attributes and userName have theirs already, and what clients cannot write is nowhere stored. */
function attributesOf(type: ResourceType): readonly Attribute[] {
  const extensions = [...type.extensionAttributes.values()].flatMap((names) => [...names.values()])
  return [...type.attributes, ...extensions].filter(
    ({ mutability, path }) => mutability !== 'readOnly' && !indexedAlready.has(`${type.name} ${path}`),
  )
}

const indexedAlready: ReadonlySet<string> = new Set(['User userName', 'Group displayName'])

/** One for filters and, where the attribute has many values, one for the value that is sorted by. */
function indexesOf(type: ResourceType, attribute: Attribute): readonly IndexKeys[] {
  const indexed = [attribute, ...attribute.subAttributes].filter(
    ({ searchable, returned }) => searchable && returned !== 'never',
  )
  const scope = hasOwnCollection(type) ? { org: 1 as const } : { org: 1 as const, type: 1 as const }
  return indexed.flatMap((leaf) => {
    const key = `search.${leaf.searchKeys.join('.')}`
    if (!attribute.multiValued && !leaf.multiValued) return [{ ...scope, [key]: 1, _id: 1 }]
    const isSortedBy = attribute.multiValued && (leaf === attribute || leaf.name === 'value')
    const sortKey = `search.sort.${attribute.searchKeys.join('.')}`
    return [{ ...scope, [key]: 1 }, ...(isSortedBy ? [{ ...scope, [sortKey]: 1, _id: 1 }] : [])] as IndexKeys[]
  })
}
