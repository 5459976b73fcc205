import type { Response } from 'express'
import { UsherError } from '../errors.ts'
import { errorHeaders, toUsherError } from '../http/problem.ts'
import { recordOf } from '../http/request-record.ts'

/** Error codes of RFC 6749 section 5.2 that are in the catalogue under the same name. */
const words: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_client',
  'unsupported_grant_type',
  'invalid_scope',
])

/**
 * The one refusal of whoever is not authenticated: a wrong secret, a client that does not exist and an organization
 * that does not exist look the same. `cause` is for the log.
 */
export function invalidClient(cause?: unknown): UsherError {
  return new UsherError('invalid_client', 'The client is not authenticated.', {
    cause,
    headers: { 'WWW-Authenticate': 'Basic realm="usher"' },
  })
}

/** Answers with the error document of a token endpoint (RFC 6749 section 5.2). */
export function sendOAuthError(response: Response, thrown: unknown): void {
  const error = toUsherError(thrown)
  recordOf(response).code = error.code
  if (response.headersSent) {
    response.destroy()
    return
  }
  for (const [name, value] of Object.entries(errorHeaders(error))) response.setHeader(name, value)
  sendUncached(response, error.status, { error: wordFor(error), error_description: describable(error.detail) })
}

/** Neither tokens nor what was said about credentials may be kept by anybody on the way (RFC 6749 section 5.1). */
export function sendUncached(response: Response, status: number, body: object): void {
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Pragma', 'no-cache')
  response.setHeader('Content-Type', 'application/json')
  response.status(status).end(JSON.stringify(body))
}

function wordFor({ code, status }: UsherError): string {
  if (words.has(code)) return code
  if (status === 503) return 'temporarily_unavailable'
  return status >= 500 ? 'server_error' : 'invalid_request'
}

/** `error_description` has printable ASCII without quotes and backslashes. */
function describable(text: string): string {
  return text.replace(/["\\]/g, "'").replace(/[^ -~]/g, '?')
}
