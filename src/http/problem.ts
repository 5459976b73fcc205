import type { ErrorRequestHandler, Response } from 'express'
import { UsherError } from '../errors.ts'
import type { Logger } from './log.ts'
import { recordOf } from './request-record.ts'

/** An error of the catalogue for whatever was thrown: what is unknown is a fault of ours, and says nothing. */
export function toUsherError(error: unknown): UsherError {
  if (error instanceof UsherError) return error
  // Express refuses a path that cannot be decoded with an error of its own.
  if (error instanceof URIError) return new UsherError('not_found', 'There is nothing at this address.')
  return new UsherError('internal_error', 'Something went wrong; the X-Request-Id header names this request.', {
    cause: error,
  })
}

/** The headers that belong to an error, `Retry-After` included. */
export function errorHeaders(error: UsherError): Readonly<Record<string, string>> {
  return error.retryAfter === undefined
    ? error.headers
    : { ...error.headers, 'Retry-After': String(Math.ceil(error.retryAfter)) }
}

/**
 * Answers with a problem document (RFC 9457): `type`, `title`, `status`, `detail`, `code`, and `errors` for a body that
 * does not validate.
 */
export function sendProblem(response: Response, thrown: unknown): void {
  const error = toUsherError(thrown)
  recordOf(response).code = error.code
  if (response.headersSent) {
    response.destroy()
    return
  }
  const problem = {
    type: `urn:usher:error:${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.detail,
    code: error.code,
    ...(error.errors.length === 0 ? {} : { errors: error.errors }),
    ...error.members,
  }
  response.status(error.status)
  for (const [name, value] of Object.entries(errorHeaders(error))) response.setHeader(name, value)
  response.setHeader('Content-Type', 'application/problem+json')
  response.end(JSON.stringify(problem))
}

/** Writes the log line of a failure that is ours: the answer says nothing of its cause. */
export function logFailure(log: Logger, requestId: string, thrown: unknown): void {
  const error = toUsherError(thrown)
  if (error.status < 500 || error.status === 501) return
  log.error('request failed', { requestId, code: error.code, error: error.cause ?? error })
}

/** The last handler of a router that answers with problem documents. */
export function problemHandler(log: Logger): ErrorRequestHandler {
  return (error, _request, response, _next) => {
    logFailure(log, recordOf(response).requestId, error)
    sendProblem(response, error)
  }
}
