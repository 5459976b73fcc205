import type { RequestContext } from '../context.ts'
import type { MemberRow } from '../directory/types.ts'
import { type Projection, project } from '../schema/projection.ts'
import type { JsonObject, JsonValue, ResourceType } from '../schema/types.ts'
import type { ScimService } from './call.ts'
import { locationOf } from './location.ts'

/** A resource as it is answered, but for the members of a group. */
export interface Row {
  readonly type: ResourceType
  readonly id: string
  readonly head: JsonObject
}

/** Resources as a whole, or the text of their JSON in pieces, joined by commas. */
export type Resources = readonly JsonObject[] | AsyncIterable<string>

/** Whether the resources are there as a whole. */
export function isWhole(resources: Resources): resources is readonly JsonObject[] {
  return Array.isArray(resources)
}

interface Members {
  readonly group: string
  readonly elements: readonly JsonValue[]
}

/** Members that are held while an answer is put together. With more of them it is written as they are read. */
const heldMembers = 2_000
/** Characters of a piece, and members that are made text at a time: longer texts would be dear to collect as garbage. */
const pieceLength = 32_768
const sliceLength = 200

/**
 * Adds members to the groups among the rows, unless the projection leaves them out: what is not shown is not read. The
 * first ones are read at once, so that a failure is still an answer of its own, and what has few members is answered as a
 * whole.
 */
export async function withMembers(
  service: ScimService,
  context: RequestContext,
  rows: readonly Row[],
  projectionOf: (type: ResourceType) => Projection,
): Promise<Resources> {
  const groups = rows.filter(({ type }) => type.name === 'Group')
  const projection = groups[0] && projectionOf(groups[0].type)
  if (!projection?.wants('members')) return rows.map(({ head }) => head)
  const ids = groups.map(({ id }) => id)
  const rest = membersOf(service, context, ids, projection)
  const read: Members[] = []
  for (let held = 0; held <= heldMembers; held += read.at(-1)!.elements.length) {
    const next = await rest.next()
    if (next.done) return joined(rows, read)
    read.push(next.value)
  }
  return textOf(rows, resume(read, rest))
}

/** Of all answers together a few batches are read at a time: each is a few milliseconds in which nobody else has a turn. */
async function* membersOf(
  { directory, registry, limits }: ScimService,
  context: RequestContext,
  groups: readonly string[],
  projection: Projection,
): AsyncGenerator<Members> {
  const batches = directory.members(context, groups)[Symbol.asyncIterator]()
  const placeOf = (type: MemberRow['type']) => locationOf(context, registry.resourceType(type), '')
  const places = { User: placeOf('User'), Group: placeOf('Group') }
  for (;;) {
    const end = await limits.memberReads.take('')
    let elements: readonly JsonValue[] = []
    let group: string
    try {
      const next = await batches.next()
      if (next.done) return
      group = next.value.group
      const members = next.value.members.map(({ value, type, display }) => ({
        value,
        $ref: places[type] + value,
        ...(display === undefined ? {} : { display }),
        type,
      }))
      const shown = project(projection, { members }).members
      if (Array.isArray(shown)) elements = shown
    } finally {
      end()
    }
    yield { group, elements }
  }
}

function joined(rows: readonly Row[], read: readonly Members[]): readonly JsonObject[] {
  const ofGroup = Map.groupBy(read, ({ group }) => group)
  return rows.map(({ id, head }) => {
    const elements = (ofGroup.get(id) ?? []).flatMap((members) => members.elements)
    return elements.length === 0 ? head : { ...head, members: elements }
  })
}

async function* textOf(rows: readonly Row[], all: AsyncGenerator<Members>): AsyncGenerator<string> {
  let text = ''
  let next = await all.next()
  for (const [index, { id, head }] of rows.entries()) {
    text += index === 0 ? JSON.stringify(head) : `,${JSON.stringify(head)}`
    let isFirst = true
    for (; !next.done && next.value.group === id; next = await all.next()) {
      const { elements } = next.value
      for (let start = 0; start < elements.length; start += sliceLength) {
        // The closing brace of the head moves behind its members.
        text = isFirst ? `${text.slice(0, -1)},"members":[` : `${text},`
        text += JSON.stringify(elements.slice(start, start + sliceLength)).slice(1, -1)
        isFirst = false
        if (text.length < pieceLength) continue
        yield text
        text = ''
      }
    }
    if (!isFirst) text += ']}'
    if (text.length < pieceLength) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}

async function* resume(read: readonly Members[], rest: AsyncGenerator<Members>): AsyncGenerator<Members> {
  yield* read
  yield* rest
}
