import { UsherError } from '../errors.ts'
import type { Dialect } from './dialects.ts'
import { limits } from './limits.ts'
import { readQueryString } from './query-string.ts'

/** What a query asks for, from the URL or from a SearchRequest. */
export interface QueryParameters {
  readonly filter: string | undefined
  readonly sortBy: string | undefined
  readonly sortOrder: string | undefined
  /** At least 1. */
  readonly startIndex: number | undefined
  /** From 0 to the largest page. */
  readonly count: number | undefined
  /** Empty for the first page of a cursor walk. */
  readonly cursor: string | undefined
  readonly attributes: readonly string[] | undefined
  readonly excludedAttributes: readonly string[] | undefined
}

/** What of the parameters concerns a single resource. */
export type ProjectionParameters = Pick<QueryParameters, 'attributes' | 'excludedAttributes'>

type Raw = Readonly<Partial<Record<keyof QueryParameters, unknown>>>

const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:searchrequest'
const largestIndex = 2_147_483_647

/**
 * The parameters of a GET (RFC 7644 section 3.4.2).
 * @throws UsherError `invalid_value`, `invalid_filter`
 */
export function readParameters(rawQuery: string, dialect: Dialect): QueryParameters {
  const query = readQueryString(rawQuery)
  const number = (name: 'startIndex' | 'count') => {
    const text = query.get(name)?.trim()
    if (text === undefined || text === '') return undefined
    if (!/^[+-]?\d+$/.test(text)) throw new UsherError('invalid_value', `"${name}" must be a whole number.`)
    return Number(text)
  }
  const names = (name: 'attributes' | 'excludedAttributes') => splitNames(query.get(name))
  return check(
    {
      filter: query.get('filter'),
      sortBy: query.get('sortBy') || undefined,
      sortOrder: query.get('sortOrder') || undefined,
      startIndex: number('startIndex'),
      count: number('count'),
      cursor: query.get('cursor'),
      attributes: names('attributes'),
      excludedAttributes: names('excludedAttributes'),
    },
    dialect,
  )
}

/** What of a query matters where one resource is answered: a filter or a page there means nothing. */
export function readProjection(rawQuery: string, dialect: Dialect): ProjectionParameters {
  const query = readQueryString(rawQuery)
  return checkProjection(
    {
      attributes: splitNames(query.get('attributes')),
      excludedAttributes: splitNames(query.get('excludedAttributes')),
    },
    dialect,
  )
}

/**
 * The parameters of a SearchRequest (RFC 7644 section 3.4.3).
 * @throws UsherError `invalid_syntax`, `invalid_value`, `invalid_filter`
 */
export function readSearchRequest(
  body: Readonly<Record<string, unknown>> | undefined,
  { dialect, note }: { readonly dialect: Dialect; readonly note: (name: string) => void },
): QueryParameters {
  if (body === undefined) throw new UsherError('invalid_syntax', 'A SearchRequest is needed as body.')
  const { schemas } = body
  if (schemas === undefined && dialect.missingSchemas === 'infer') note('schemas inferred')
  else if (!isSearchRequest(schemas)) {
    throw new UsherError('invalid_syntax', `"schemas" must name urn:ietf:params:scim:api:messages:2.0:SearchRequest.`)
  }
  const { attributes, excludedAttributes, ...rest } = body as Raw
  return check({ ...rest, attributes: namesOf(attributes), excludedAttributes: namesOf(excludedAttributes) }, dialect)
}

function isSearchRequest(schemas: unknown): boolean {
  const list = typeof schemas === 'string' ? [schemas] : schemas
  return Array.isArray(list) && list.length === 1 && String(list[0]).toLowerCase() === searchUrn
}

function check(raw: Raw, dialect: Dialect): QueryParameters {
  const startIndex = integer(raw.startIndex, 'startIndex')
  const count = integer(raw.count, 'count')
  const cursor = text(raw.cursor, 'cursor')
  if (startIndex !== undefined && cursor !== undefined) {
    throw new UsherError('invalid_value', 'A query has either "startIndex" or "cursor" (RFC 9865 section 2.4).')
  }
  const projection = { attributes: raw.attributes, excludedAttributes: raw.excludedAttributes } as ProjectionParameters
  return {
    filter: text(raw.filter, 'filter'),
    sortBy: text(raw.sortBy, 'sortBy'),
    sortOrder: text(raw.sortOrder, 'sortOrder'),
    startIndex: startIndex === undefined ? undefined : Math.min(Math.max(startIndex, 1), largestIndex),
    count: count === undefined ? undefined : Math.min(Math.max(count, 0), limits.maxPageSize),
    cursor,
    ...checkProjection(projection, dialect),
  }
}

function checkProjection(projection: ProjectionParameters, dialect: Dialect): ProjectionParameters {
  const both = projection.attributes !== undefined && projection.excludedAttributes !== undefined
  if (both && dialect.bothProjections === 'refuse') {
    throw new UsherError('invalid_value', 'A request has either "attributes" or "excludedAttributes".')
  }
  return projection
}

function integer(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isInteger(value)) return value
  throw new UsherError('invalid_value', `"${name}" must be a whole number.`)
}

function text(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  throw new UsherError('invalid_value', `"${name}" must be a text.`)
}

function splitNames(list: string | undefined): readonly string[] | undefined {
  return list === undefined ? undefined : someNames(list.split(','))
}

function namesOf(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return splitNames(value)
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return someNames(value)
  throw new UsherError('invalid_value', '"attributes" and "excludedAttributes" must be lists of texts.')
}

/** A list without any name asks for nothing in particular. */
function someNames(names: readonly string[]): readonly string[] | undefined {
  const given = names.map((name) => name.trim()).filter((name) => name !== '')
  return given.length === 0 ? undefined : given
}
