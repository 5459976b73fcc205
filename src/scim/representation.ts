import type { RequestContext } from '../context.ts'
import type { MemberRow, Shown, Wants } from '../directory/types.ts'
import { createProjection, type Projection, project } from '../schema/projection.ts'
import type { Attribute, JsonObject, JsonValue, ResourceType } from '../schema/types.ts'
import { Answer, StreamedBody } from './answer.ts'
import type { ScimService } from './call.ts'
import type { ProjectionParameters } from './parameters.ts'

/** A resource that is about to be answered. */
export interface Representable {
  readonly type: ResourceType
  readonly id: string
  readonly show: (wants: Wants) => Promise<Pick<Shown, 'version' | 'resource'>>
  /** Lower-case names of attributes that the request supplied. */
  readonly supplied?: ReadonlySet<string>
}

/** Where a resource is found: `meta.location`. */
export function locationOf({ baseUrl }: Pick<RequestContext, 'baseUrl'>, type: ResourceType, id: string): string {
  return `${baseUrl}${type.endpoint}/${encodeURIComponent(id)}`
}

/**
 * The answer that shows a resource: `ETag`, `Location`, and of the body what the projection leaves. The members of a
 * group are read in batches and written as they come, since there may be hundreds of thousands of them; what is not
 * shown is not read.
 */
export async function represent(
  service: ScimService,
  context: RequestContext,
  status: number,
  resource: Representable,
  parameters: ProjectionParameters,
): Promise<Answer> {
  const { type, id } = resource
  const projection = createProjection(type, { ...parameters, supplied: suppliedPaths(type, resource.supplied) })
  const showsMembers = type.name === 'Group' && projection.wants('members')
  const shown = await resource.show((name) => projection.wants(name) && !(showsMembers && name === 'members'))
  const headers = { ETag: shown.version, Location: locationOf(context, type, id) }
  const head = project(projection, shown.resource)
  if (!showsMembers) return new Answer(status, headers, head)
  return new Answer(status, headers, await withMembers(head, membersOf(service, context, id, projection)))
}

/**
 * The first two batches are read before anything is written: a failure is still an answer of its own, and a group of
 * one batch is answered as a whole.
 */
async function withMembers(
  head: JsonObject,
  batches: AsyncIterator<readonly JsonValue[]>,
): Promise<JsonObject | StreamedBody> {
  const first = await batches.next()
  if (first.done) return head
  const second = await batches.next()
  if (second.done) return first.value.length === 0 ? head : { ...head, members: first.value }
  return new StreamedBody(head, 'members', resume([first.value, second.value], batches))
}

async function* resume(
  read: readonly (readonly JsonValue[])[],
  rest: AsyncIterator<readonly JsonValue[]>,
): AsyncGenerator<readonly JsonValue[]> {
  try {
    yield* read
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

async function* membersOf(
  { directory, registry }: ScimService,
  context: RequestContext,
  group: string,
  projection: Projection,
): AsyncGenerator<readonly JsonValue[]> {
  for await (const rows of directory.members(context, group)) {
    const members = rows.map((row) => memberOf(row, locationOf(context, registry.resourceType(row.type), row.value)))
    const shown = project(projection, { members }).members
    yield Array.isArray(shown) ? shown : []
  }
}

function memberOf({ value, type, display }: MemberRow, location: string): JsonObject {
  return { value, $ref: location, ...(display === undefined ? {} : { display }), type }
}

/** The canonical paths of what a request supplied, which the directory tells by lower-case name or extension URN. */
function suppliedPaths(type: ResourceType, supplied: ReadonlySet<string> | undefined): ReadonlySet<string> {
  if (supplied === undefined || supplied.size === 0) return new Set()
  const extensions: Attribute[] = [...type.extensionAttributes.values()].flatMap((names) => [...names.values()])
  const named = [...type.attributes, ...extensions].filter(
    ({ path, extension }) => supplied.has(path.toLowerCase()) || supplied.has(extension?.toLowerCase() ?? ''),
  )
  return new Set(named.map(({ path }) => path))
}
