import type { Response } from 'express'

/** What is known of a request when its log line is written. Each room adds what it learns on the way. */
export interface RequestRecord {
  readonly requestId: string
  readonly normalisations: string[]
  organization?: string
  /** The source of the caller: `scim:{id}`, `admin:{id}`. */
  client?: string
  /** The template of the route, where the route of Express does not say it. */
  route?: string
  /** Code of the error catalogue. */
  code?: string
}

const key = 'usherRequestRecord'

/** Begins the record of a request. */
export function beginRecord(response: Response, requestId: string): RequestRecord {
  const record: RequestRecord = { requestId, normalisations: [] }
  response.locals[key] = record
  return record
}

/** The record of the request that this response answers. */
export function recordOf(response: Response): RequestRecord {
  return (response.locals[key] as RequestRecord | undefined) ?? beginRecord(response, 'unknown')
}
