import { createHash } from 'node:crypto'
import type { RequestContext } from '../context.ts'
import type { ListQuery, Page, Shown } from '../directory/types.ts'
import { UsherError } from '../errors.ts'
import { compareText } from '../filter/compare-text.ts'
import { toPredicate } from '../filter/predicate.ts'
import type { Sort } from '../filter/sort.ts'
import type { RoleState } from '../organizations/types.ts'
import type { JsonObject, ResourceType } from '../schema/types.ts'
import type { ScimService } from './call.ts'
import { locationOf } from './representation.ts'

/** The entries of a resource type that clients can only read, without what every resource has. */
type Catalogue = (service: ScimService, context: RequestContext) => Promise<readonly JsonObject[]>

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
  type: ResourceType,
  query: Pick<ListQuery, 'filter' | 'page'>,
  sort: Sort | undefined,
): Promise<Page> {
  const matches = query.filter === null ? () => true : toPredicate(query.filter)
  const rows = (await readEntries(service, context, type)).filter(({ resource }) => matches(resource))
  rows.sort(byKey(sort))
  const { page } = query
  const start = page.kind === 'index' ? page.startIndex - 1 : indexAfter(rows, page.position?.id)
  const shown = rows.slice(start, start + page.count)
  const last = shown.at(-1)
  const hasMore = start + page.count < rows.length && last !== undefined
  return {
    rows: shown,
    total: rows.length,
    next: hasMore ? { id: last.id, value: undefined, direction: 'forward' } : null,
    previous: null,
  }
}

async function readEntries(service: ScimService, context: RequestContext, type: ResourceType): Promise<Shown[]> {
  const catalogue = catalogueOf(type)
  const entries = catalogue === undefined ? [] : await catalogue(service, context)
  return entries.map((entry) => {
    const id = String(entry.id)
    const version = `W/"${createHash('sha256').update(JSON.stringify(entry)).digest('base64url').slice(0, 16)}"`
    const meta = { resourceType: type.name, location: locationOf(context, type, id), version }
    return { id, version, resource: { schemas: [type.schema], ...entry, meta } }
  })
}

function describeRole({ name, displayName }: RoleState): JsonObject {
  return { id: name, value: name, display: displayName, displayName, supported: true }
}

function byKey(sort: Sort | undefined): (a: Shown, b: Shown) => number {
  const name = sort?.target.attribute.name ?? 'id'
  const sign = sort?.descending ? -1 : 1
  const keyOf = ({ resource }: Shown) => String(resource[name] ?? '\uffff').toLowerCase()
  return (a, b) => sign * compareText(keyOf(a), keyOf(b)) || compareText(a.id, b.id)
}

function indexAfter(rows: readonly Shown[], id: string | undefined): number {
  if (id === undefined) return 0
  const index = rows.findIndex((row) => row.id === id)
  return index < 0 ? rows.length : index + 1
}
