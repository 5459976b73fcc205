/**
 * Keys stored resources anew: the comparison form and the reservations of each are made again of what it holds, by the
 * same functions as at every write, where they were made by an earlier form or by other schemas. Nobody sees a change of
 * it: no version, no change record. A write at the same moment wins, for it brings the present form itself.
 */
import { UsherError } from '../errors.ts'
import type { SchemaRegistry } from '../schema/registry.ts'
import type { ResourceType } from '../schema/types.ts'
import type { CustomResourceDocument, ResourceDocument, UserDocument } from '../store/documents.ts'
import type { Migration, MigrationStep, RefusedDocument } from '../store/migrations/migration.ts'
import { type Store, StoreConflict } from '../store/store.ts'
import { composeCustom, composeGroup, composeUser, type ResourceParts, searchFormVersion } from './compose.ts'
import { fromStored } from './stored-form.ts'
import { partsOf } from './user-parts.ts'

const kinds = ['users', 'groups', 'resources'] as const
type Kind = (typeof kinds)[number]

/** Documents that are looked at, and those that are written, at a time. */
const pageSize = 250
const sliceSize = 100
/** Times that a document which others write at the same moment is read again. */
const attempts = 3

interface Keying {
  readonly store: Store
  readonly registry: SchemaRegistry
}

/** The fields that are made again, as they should be. */
type Keys = Pick<ResourceDocument, 'search' | 'keys' | 'form' | 'outline'>

/** The migration that keys anew whatever was keyed by an earlier form or by other schemas. */
export function rekeying(environment: Keying): Migration {
  const { store, registry } = environment
  return {
    name: 'comparison-form',
    version: searchFormVersion,
    basis: registry.resourceTypes
      .map(({ name, outline }) => `${name} ${outline}`)
      .sort()
      .join(', '),
    size: async () => {
      const sizes = await Promise.all(kinds.map((kind) => store[kind].everywhere.estimate()))
      return sizes.reduce((sum, size) => sum + size, 0)
    },
    step: (place, writes) => lookAtPage(environment, place, writes),
  }
}

/** Whether the keys of a document were made by the present form of its present type. */
export function isKeyed(type: ResourceType, { form, outline }: Pick<ResourceDocument, 'form' | 'outline'>): boolean {
  return form === searchFormVersion && outline === type.outline
}

/** A stored resource composed again of its parts: what is derived of them is as it should be. */
export function composedAnew(type: ResourceType, document: ResourceDocument): ResourceDocument {
  const composed = compose(type, document)
  const meta = composed.search.meta as { readonly lastModified: Date }
  const stored = (document.search.meta as { readonly lastModified?: Date } | undefined)?.lastModified
  // Of a group it is also raised when its members change.
  const isRaised = type.name === 'Group' && stored !== undefined && stored > meta.lastModified
  return isRaised ? { ...composed, search: { ...composed.search, meta: { ...meta, lastModified: stored } } } : composed
}

/** The keys that a stored resource should have. */
function keysOf(type: ResourceType, document: ResourceDocument): Keys {
  const { search, keys, form, outline = type.outline } = composedAnew(type, document)
  return { search, form, outline, ...(keys === undefined ? {} : { keys }) }
}

function compose(type: ResourceType, document: ResourceDocument): ResourceDocument {
  if (type.name === 'User') return composeUser(type, partsOf({ userType: type }, document as UserDocument))
  const parts: ResourceParts = {
    id: document._id,
    org: document.org,
    version: document.version,
    created: document.created,
    lastModified: document.lastModified,
    attributes: fromStored(type, document.resource),
    externalIds: document.externalIds,
    sources: document.sources,
  }
  return type.name === 'Group' ? composeGroup(type, parts) : composeCustom(type, parts)
}

async function lookAtPage(environment: Keying, place: string | null, writes: boolean): Promise<MigrationStep> {
  const [name, after = ''] = (place ?? '').split(' ')
  const kind = kinds.find((each) => each === name) ?? kinds[0]
  const rows = await environment.store[kind].everywhere.find(
    { _id: { $gt: after } },
    { sort: { _id: 1 }, limit: pageSize, projection: { type: 1, form: 1, outline: 1 } },
  )
  const old = rows.filter((row) => {
    const type = typeOf(environment.registry, kind, row)
    // What no document describes any more is shown to nobody, and is found by nothing.
    return type !== undefined && !isKeyed(type, row)
  })
  let changed = writes ? 0 : old.length
  const refused: RefusedDocument[] = []
  for (let start = 0; writes && start < old.length; start += sliceSize) {
    const result = await keySlice(
      environment,
      kind,
      old.slice(start, start + sliceSize).map(({ _id }) => _id),
    )
    changed += result.changed
    refused.push(...result.refused)
  }
  const following = kinds[kinds.indexOf(kind) + 1]
  const isEnd = rows.length < pageSize
  const next = isEnd ? (following ?? null) : `${kind} ${rows.at(-1)!._id}`
  return { looked: rows.length, changed: changed === 0 ? {} : { [kind]: changed }, refused, next }
}

function typeOf(registry: SchemaRegistry, kind: Kind, document: object): ResourceType | undefined {
  if (kind === 'users') return registry.resourceType('User')
  if (kind === 'groups') return registry.resourceType('Group')
  return registry.resourceTypes.find(({ name }) => name === (document as CustomResourceDocument).type)
}

interface Keyed {
  readonly changed: number
  readonly refused: readonly RefusedDocument[]
}

/** All at once, as a rule; one by one where a value is taken or somebody else is writing. */
async function keySlice(environment: Keying, kind: Kind, ids: readonly string[]): Promise<Keyed> {
  const collection = environment.store[kind].everywhere
  const documents: readonly ResourceDocument[] = await collection.find({ _id: { $in: ids } })
  const updates = documents.map((document) => updateOf(environment, kind, document))
  if (updates.every((update) => update !== null)) {
    try {
      const { matched } = await collection.bulkWrite(updates.map((update) => ({ updateOne: update })))
      if (matched === updates.length) return { changed: matched, refused: [] }
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error
    }
  }
  const results = { changed: 0, refused: [] as RefusedDocument[] }
  for (const { _id, org } of documents) {
    const reason = await keyOne(environment, kind, _id)
    if (reason === null) results.changed += 1
    else results.refused.push({ organization: org, kind: kind.slice(0, -1), id: _id, reason })
  }
  return results
}

/** Null when it is done, or was done by somebody else's write; else why it cannot be. */
async function keyOne(environment: Keying, kind: Kind, id: string): Promise<string | null> {
  const collection = environment.store[kind].everywhere
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const document: ResourceDocument | null = await collection.findOne({ _id: id })
    const type = document && typeOf(environment.registry, kind, document)
    if (document === null || type === undefined || type === null || isKeyed(type, document)) return null
    const update = updateOf(environment, kind, document)
    if (update === null) return 'its values are not what the schemas describe'
    try {
      if (await collection.updateOne(update.filter, update.update)) return null
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error
      if (error.key !== null) return takenBy(environment, kind, type, document)
    }
  }
  return 'others were writing it all the time'
}

interface UpdateOne {
  readonly filter: Readonly<Record<string, unknown>>
  readonly update: Readonly<Record<string, unknown>>
}

/** Null for a resource of which no keys can be made. The query is met by exactly the document that was read. */
function updateOf(environment: Keying, kind: Kind, document: ResourceDocument): UpdateOne | null {
  const type = typeOf(environment.registry, kind, document)
  if (type === undefined) return null
  try {
    const { keys, ...fields } = keysOf(type, document)
    const { _id, version, revision = null } = document
    const lastModified = (document.search.meta as { readonly lastModified?: Date } | undefined)?.lastModified ?? null
    return {
      filter: { _id, version, revision, 'search.meta.lastModified': lastModified },
      update: {
        $set: { ...fields, ...(keys === undefined ? {} : { keys }) },
        ...(keys === undefined ? { $unset: { keys: '' } } : {}),
      },
    }
  } catch (error) {
    // Values of another shape than the schemas say: the functions that walk them say so as they may.
    if (error instanceof TypeError || error instanceof RangeError || error instanceof UsherError) return null
    throw error
  }
}

/** Which attribute has a value that another resource has, and which resource that is. The value itself is not told. */
async function takenBy({ store }: Keying, kind: Kind, type: ResourceType, document: ResourceDocument): Promise<string> {
  const { search, keys = [] } = keysOf(type, document)
  const unique = kind === 'users' ? 'userName' : kind === 'groups' ? 'displayName' : null
  const candidates = [
    ...keys.map((key) => ({ attribute: key.split('|')[1] ?? key, query: { keys: key } })),
    ...(unique === null ? [] : [{ attribute: unique, query: { [`search.${unique}`]: search[unique] } }]),
  ]
  for (const { attribute, query } of candidates) {
    const other = await store[kind].everywhere.findOne(
      { org: document.org, ...query, _id: { $ne: document._id } },
      { projection: { _id: 1 } },
    )
    if (other !== null) return `its ${attribute} is the same as that of ${other._id}`
  }
  return 'a value that must be unique is taken'
}
