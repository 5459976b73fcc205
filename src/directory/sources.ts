/** Who gave what: pure bookkeeping over lists of sources. */
import type { Source } from '../context.ts'
import { equalValues } from '../schema/equal.ts'
import type { JsonValue } from '../schema/types.ts'
import type { AttributeSourceDocument, GrantDocument, GrantSourceDocument } from '../store/documents.ts'

export interface Writer {
  readonly source: Source
  readonly at: Date
  readonly decision?: string | undefined
}

/**
 * The owners after a write: leaves that changed, and leaves that the writer named although they were equal, become
 * the writer's; what is gone loses its entry; everything else keeps its owner. What another source said that is
 * overwritten is shadowed from now on. Gives the same list when all is as before.
 */
export function updateSources(
  sources: readonly AttributeSourceDocument[],
  before: ReadonlyMap<string, JsonValue>,
  after: ReadonlyMap<string, JsonValue>,
  named: (path: string) => boolean,
  writer: Writer,
): readonly AttributeSourceDocument[] {
  const known = new Map(sources.map((entry) => [entry.path, entry]))
  let different = sources.some(({ path }) => !after.has(path))
  const result: AttributeSourceDocument[] = []
  for (const [path, value] of after) {
    const entry = known.get(path)
    const changed = !equalValues(before.get(path), value)
    if (entry !== undefined && !changed && (entry.source === writer.source || !named(path))) {
      result.push(entry)
      continue
    }
    different = true
    const overwritten = changed && entry !== undefined && !isSameSpeaker(entry.source, writer.source)
    const others = (entry?.shadowed ?? []).filter(({ source }) => source !== writer.source && source !== entry?.source)
    const lost = before.get(path)
    const shadowed = [
      ...others,
      ...(overwritten && lost !== undefined ? [{ source: entry.source, value: lost, at: entry.at }] : []),
    ]
    result.push({ path, ...entryOf(writer), ...(shadowed.length === 0 ? {} : { shadowed }) })
  }
  return different ? result : sources
}

/** Administrators speak for one another: what one says another may replace without a disagreement. */
function isSameSpeaker(a: Source, b: Source): boolean {
  return a === b || (a.startsWith('admin:') && b.startsWith('admin:'))
}

/**
 * Notes what a source would have set where another has its say, and forgets what it would have set before: `values` is
 * everything in which this source differs now, `said` tells of what it has spoken at all.
 */
export function shadowValues(
  sources: readonly AttributeSourceDocument[],
  values: readonly { readonly path: string; readonly value: JsonValue }[],
  writer: Writer,
  said: (path: string) => boolean = () => true,
): readonly AttributeSourceDocument[] {
  let different = false
  const result = sources.map((entry) => {
    const present = (entry.shadowed ?? []).find(({ source }) => source === writer.source)
    if (present !== undefined && !said(entry.path)) return entry
    const shadow = values.find(({ path }) => path === entry.path)
    const others = (entry.shadowed ?? []).filter(({ source }) => source !== writer.source)
    if (equalValues(present?.value, shadow?.value)) return entry
    different = true
    if (shadow !== undefined) {
      return { ...entry, shadowed: [...others, { source: writer.source, value: shadow.value, at: writer.at }] }
    }
    const { shadowed: _, ...rest } = entry
    return others.length === 0 ? rest : { ...rest, shadowed: others }
  })
  return different ? result : sources
}

/** Adds this source to the grant of a role, or renews what it says about it. */
export function addGrant(
  grants: readonly GrantDocument[],
  role: string,
  entry: GrantSourceDocument,
): readonly GrantDocument[] {
  const grant = grants.find((other) => other.role === role)
  if (grant === undefined) return [...grants, { role, sources: [entry] }]
  const own = grant.sources.find(({ source }) => source === entry.source)
  if (own !== undefined && sameDetails(own, entry)) return grants
  const sources =
    own === undefined ? [...grant.sources, entry] : grant.sources.map((old) => (old === own ? entry : old))
  return grants.map((other) => (other === grant ? { role, sources } : other))
}

/** Takes this source from the grant of a role; the grant goes with its last source. */
export function removeGrant(grants: readonly GrantDocument[], role: string, source: Source): readonly GrantDocument[] {
  const grant = grants.find((other) => other.role === role)
  if (grant === undefined || !grant.sources.some((entry) => entry.source === source)) return grants
  const sources = grant.sources.filter((entry) => entry.source !== source)
  if (sources.length === 0) return grants.filter((other) => other !== grant)
  return grants.map((other) => (other === grant ? { role, sources } : other))
}

export function entryOf(writer: Writer): { source: Source; at: Date; decision?: string } {
  return {
    source: writer.source,
    at: writer.at,
    ...(writer.decision === undefined ? {} : { decision: writer.decision }),
  }
}

function sameDetails(a: GrantSourceDocument, b: GrantSourceDocument): boolean {
  return a.display === b.display && a.type === b.type && a.primary === b.primary
}
