import type { Response } from 'express'
import type { ErrorCode, ScimType, UsherError } from '../errors.ts'
import { errorHeaders, toUsherError } from '../http/problem.ts'
import type { JsonObject } from '../schema/types.ts'
import { Answer, writeAnswer } from './answer.ts'

const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** Codes that have no SCIM keyword and yet tell a client what to do: they stand in the detail. */
const toldInDetail: ReadonlySet<ErrorCode> = new Set([
  'seat_limit_reached',
  'last_admin_kept',
  'privileged_grant_refused',
])

/**
 * The body of a SCIM error (RFC 7644 section 3.12): `schemas`, `status` as a string, `scimType` where there is one, and
 * `detail`. Strict clients refuse any other member.
 */
export function scimErrorBody(error: {
  readonly status: number
  readonly detail: string
  readonly scimType?: ScimType | undefined
}): JsonObject {
  const { status, scimType, detail } = error
  return { schemas: [errorUrn], status: String(status), ...(scimType === undefined ? {} : { scimType }), detail }
}

/** The body for an error of the catalogue. */
export function describeRefusal(error: UsherError): JsonObject {
  const { status, scimType, code } = error
  const first = error.errors[0]
  const fields = first === undefined ? '' : ` ${first.path}: ${first.message}`
  const detail = toldInDetail.has(code) && !error.detail.includes(code) ? `${code}: ${error.detail}` : error.detail
  return scimErrorBody({ status, scimType, detail: detail + fields })
}

/** The answer that refuses. */
export function refusalAnswer(error: UsherError): Answer {
  return new Answer(error.status, errorHeaders(error), describeRefusal(error), error.code)
}

/** Answers with a SCIM error, whatever was thrown. */
export function sendScimError(response: Response, thrown: unknown, mediaType = 'application/scim+json'): void {
  if (response.headersSent) response.destroy()
  else writeAnswer(response, refusalAnswer(toUsherError(thrown)), mediaType)
}
