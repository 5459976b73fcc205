import type { RequestContext } from '../context.ts'
import type { Shown, Wants } from '../directory/types.ts'
import { createProjection, project } from '../schema/projection.ts'
import type { Attribute, ResourceType } from '../schema/types.ts'
import { Answer, StreamedBody } from './answer.ts'
import type { ScimService } from './call.ts'
import { locationOf } from './location.ts'
import { isWhole, withMembers } from './members.ts'
import type { ProjectionParameters } from './parameters.ts'

/** A resource that is about to be answered. */
export interface Representable {
  readonly type: ResourceType
  readonly id: string
  readonly show: (wants: Wants) => Promise<Pick<Shown, 'version' | 'resource'>>
  /** Lower-case names of attributes that the request supplied. */
  readonly supplied?: ReadonlySet<string>
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
  const shown = await resource.show(projection.wants)
  const headers = { ETag: shown.version, Location: locationOf(context, type, id) }
  const head = project(projection, shown.resource)
  const resources = await withMembers(service, context, [{ type, id, head }], () => projection)
  return new Answer(status, headers, isWhole(resources) ? resources[0] : new StreamedBody(resources))
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
