import { FractionForm } from '../schema/fraction-form.ts'
import type { BulkItem } from './bulk-request.ts'

type Members = Readonly<Record<string, unknown>>

/** A reference is a whole value, or a value within the quotes of a filter in a PATCH path. */
const whole = /^bulkId:(.+)$/
const quoted = /"bulkId:([^"]+)"/g
const inPath = /(^|\/)bulkId:([^/?]+)/

/** The bulkIds that an operation refers to (RFC 7644 section 3.7.2). */
export function referencesOf({ path, data }: BulkItem): ReadonlySet<string> {
  const found = new Set<string>()
  const inUrl = inPath.exec(path)?.[2]
  if (inUrl !== undefined) found.add(inUrl)
  mapTexts(data, (text) => {
    const id = whole.exec(text)?.[1]
    if (id !== undefined) found.add(id)
    else for (const match of text.matchAll(quoted)) found.add(match[1]!)
    return text
  })
  return found
}

/** The path with the id that its reference stands for. */
export function resolvePathReference(path: string, ids: ReadonlyMap<string, string>): string {
  return path.replace(inPath, (reference, slash: string, bulkId: string) => {
    const id = ids.get(bulkId)
    return id === undefined ? reference : slash + id
  })
}

/** The data with ids in place of references that are known. */
export function resolveReferences(data: unknown, ids: ReadonlyMap<string, string>): unknown {
  return mapTexts(data, (text) => {
    const reference = whole.exec(text)?.[1]
    if (reference !== undefined) return ids.get(reference) ?? text
    return text.replaceAll(quoted, (match, bulkId: string) => {
      const id = ids.get(bulkId)
      return id === undefined ? match : `"${id}"`
    })
  })
}

export interface Split {
  /** The resource without what refers to `missing`. */
  readonly data: Members
  /** What was taken out, as the Operations of a PATCH that puts it back. */
  readonly operations: readonly { readonly op: 'add'; readonly path: string; readonly value: unknown }[]
}

/**
 * Takes out of a resource what refers to others that do not exist yet, so that it can be created before them: elements
 * of lists, and whole values of other attributes, down to those of extensions.
 */
export function takeOut(data: Members, missing: ReadonlySet<string>): Split {
  const rest: Record<string, unknown> = {}
  const operations: { op: 'add'; path: string; value: unknown }[] = []
  for (const [name, value] of Object.entries(data)) {
    if (!refersTo(value, missing)) rest[name] = value
    else if (Array.isArray(value)) {
      rest[name] = value.filter((element) => !refersTo(element, missing))
      operations.push({ op: 'add', path: name, value: value.filter((element) => refersTo(element, missing)) })
    } else if (name.toLowerCase().startsWith('urn:') && typeof value === 'object' && value !== null) {
      const inner = takeOut(value as Members, missing)
      rest[name] = inner.data
      operations.push(...inner.operations.map((operation) => ({ ...operation, path: `${name}:${operation.path}` })))
    } else operations.push({ op: 'add', path: name, value })
  }
  return { data: rest, operations }
}

function refersTo(value: unknown, ids: ReadonlySet<string>): boolean {
  let found = false
  mapTexts(value, (text) => {
    found ||= ids.has(whole.exec(text)?.[1] ?? '')
    return text
  })
  return found
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map((element) => mapTexts(element, map))
  if (typeof value !== 'object' || value === null || value instanceof FractionForm) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapTexts(member, map)]))
}
