import { UsherError } from '../errors.ts'
import type { Dialect } from './dialects.ts'
import { limits } from './limits.ts'

/** One operation of a BulkRequest as it was sent (RFC 7644 section 3.7). */
export interface BulkItem {
  /** In upper case. */
  readonly method: string
  readonly bulkId: string | undefined
  readonly path: string
  readonly version: string | undefined
  readonly data: unknown
}

export interface BulkRequest {
  /** How many errors end the processing; undefined: none does. */
  readonly failOnErrors: number | undefined
  readonly items: readonly BulkItem[]
}

const bulkUrn = 'urn:ietf:params:scim:api:messages:2.0:bulkrequest'

/**
 * Reads the envelope of a BulkRequest. What is wrong with one operation alone is left for its own result.
 *
 * @throws UsherError `invalid_syntax`, `invalid_value`, `payload_too_large`
 */
export function readBulkRequest(
  body: Readonly<Record<string, unknown>> | undefined,
  { dialect, note }: { readonly dialect: Dialect; readonly note: (name: string) => void },
): BulkRequest {
  if (body === undefined) throw refused('A BulkRequest is needed as body.')
  if (body.schemas === undefined && dialect.missingSchemas === 'infer') note('schemas inferred')
  else if (!namesBulkRequest(body.schemas)) {
    throw refused('"schemas" must name urn:ietf:params:scim:api:messages:2.0:BulkRequest.')
  }
  const { Operations: operations = body.operations } = body
  if (!Array.isArray(operations) || operations.length === 0) throw refused('"Operations" must be a list with elements.')
  if (operations.length > limits.maxOperations) {
    throw new UsherError('payload_too_large', `A bulk may have at most ${limits.maxOperations} operations.`)
  }
  const items = operations.map(readItem)
  refuseRepeatedIds(items)
  return { failOnErrors: readFailOnErrors(body.failOnErrors), items }
}

function namesBulkRequest(schemas: unknown): boolean {
  const list = typeof schemas === 'string' ? [schemas] : schemas
  return Array.isArray(list) && list.some((urn) => String(urn).toLowerCase() === bulkUrn)
}

function readItem(value: unknown): BulkItem {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused('Each of "Operations" must be an object.')
  }
  const { method, bulkId, path, version, data } = value as Readonly<Record<string, unknown>>
  if (typeof method !== 'string') throw refused('Each operation needs a "method".')
  if (typeof path !== 'string') throw refused('Each operation needs a "path".')
  return {
    method: method.toUpperCase(),
    bulkId: optionalText(bulkId, 'bulkId'),
    path,
    version: optionalText(version, 'version'),
    data: data ?? undefined,
  }
}

function optionalText(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw refused(`"${name}" must be a text.`)
  return value
}

function refuseRepeatedIds(items: readonly BulkItem[]): void {
  const seen = new Set<string>()
  for (const { bulkId } of items) {
    if (bulkId === undefined) continue
    if (seen.has(bulkId)) throw refused('A "bulkId" may be given to one operation only.')
    seen.add(bulkId)
  }
}

function readFailOnErrors(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new UsherError('invalid_value', '"failOnErrors" must be a whole number.')
  }
  // None is as good as unset: a bulk that ends before its first operation would be no request at all.
  return value === 0 ? undefined : value
}

function refused(detail: string): UsherError {
  return new UsherError('invalid_syntax', detail)
}
