import { createHash } from 'node:crypto'
import type { RequestContext } from '../context.ts'
import type { ListPage, ListSource, Page, Shown } from '../directory/types.ts'
import { UsherError } from '../errors.ts'
import { compareText } from '../filter/compare-text.ts'
import { toPredicate } from '../filter/predicate.ts'
import type { Sort } from '../filter/sort.ts'
import type { RoleEntry } from '../organizations/roles.ts'
import type { JsonObject, JsonValue, ResourceType } from '../schema/types.ts'
import type { ScimService } from './call.ts'
import { locationOf } from './location.ts'

/** An entry of a resource type that clients can only read. */
interface Entry {
  readonly id: string
  readonly created: Date
  readonly lastModified: Date
  readonly attributes: JsonObject
}

type Catalogue = (service: ScimService, context: RequestContext) => Promise<readonly Entry[]>

/** Roles and entitlements that users can have (draft-ietf-scim-roles-entitlements), by the name of their type. */
const catalogues: ReadonlyMap<string, Catalogue> = new Map<string, Catalogue>([
  ['Role', async ({ organizations }, { organization }) => (await organizations.roles(organization)).map(describeRole)],
  // Entitlements are whatever value a client gives to a user; no list of them is kept.
  ['Entitlement', async () => []],
])

/** How the entries of a read-only type are read; undefined for types that the directory keeps. */
export function catalogueOf(type: ResourceType): Catalogue | undefined {
  return catalogues.get(type.name)
}

/** @throws UsherError `not_found` */
export async function readEntry(
  service: ScimService,
  context: RequestContext,
  type: ResourceType,
  id: string,
): Promise<Shown> {
  const entry = (await readEntries(service, context, type)).find((candidate) => candidate.id === id)
  if (entry === undefined) throw new UsherError('not_found', `There is no ${type.name} with this id.`)
  return entry
}

/** A page of a catalogue. There are few entries, so all of them are read, compared and sorted here. */
export async function listEntries(
  service: ScimService,
  context: RequestContext,
  { type, filter, sort }: Omit<ListSource, 'wants'>,
  page: ListPage,
): Promise<Page> {
  const matches = filter === null ? () => true : toPredicate(filter)
  const rows = (await readEntries(service, context, type)).filter(({ resource }) => matches(resource))
  rows.sort(byKey(sort))
  const start = page.kind === 'index' ? page.startIndex - 1 : indexAfter(rows, page.position?.id)
  const shown = rows.slice(start, start + page.count)
  const last = shown.at(-1)
  const hasMore = start + page.count < rows.length && last !== undefined
  return {
    rows: shown.map((row) => ({ ...row, type })),
    total: rows.length,
    next: hasMore ? { id: last.id, type: type.name, value: undefined, direction: 'forward' } : null,
    previous: null,
  }
}

async function readEntries(service: ScimService, context: RequestContext, type: ResourceType): Promise<Shown[]> {
  const catalogue = catalogueOf(type)
  const entries = catalogue === undefined ? [] : await catalogue(service, context)
  return entries.map(({ id, created, lastModified, attributes }) => {
    const hash = createHash('sha256').update(JSON.stringify([id, attributes]))
    const version = `W/"${hash.digest('base64url').slice(0, 16)}"`
    const meta = {
      resourceType: type.name,
      created: created.toISOString(),
      lastModified: lastModified.toISOString(),
      location: locationOf(context, type, id),
      version,
    }
    return { id, version, resource: { schemas: [type.schema], id, ...attributes, meta } }
  })
}

function describeRole({ name, displayName, description, created, lastModified }: RoleEntry): Entry {
  const described = description === '' ? {} : { description }
  const attributes = { value: name, display: displayName, displayName, ...described, supported: true }
  return { id: name, created, lastModified, attributes }
}

function byKey(sort: Sort | null): (a: Shown, b: Shown) => number {
  const sign = sort?.descending ? -1 : 1
  const keyOf = ({ resource }: Shown) => String(sortValue(sort, resource) ?? '\uffff').toLowerCase()
  return (a, b) => sign * compareText(keyOf(a), keyOf(b)) || compareText(a.id, b.id)
}

function sortValue(sort: Sort | null, resource: JsonObject): JsonValue | undefined {
  if (sort === null) return resource.id
  const { attribute, subAttribute } = sort.target
  const value = resource[attribute.name]
  return subAttribute === undefined ? value : (value as JsonObject | undefined)?.[subAttribute.name]
}

function indexAfter(rows: readonly Shown[], id: string | undefined): number {
  if (id === undefined) return 0
  const index = rows.findIndex((row) => row.id === id)
  return index < 0 ? rows.length : index + 1
}
