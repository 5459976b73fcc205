import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express'
import { UsherError } from '../errors.ts'
import { sendScimError } from '../scim/errors.ts'
import { beginSpan } from '../tracing.ts'
import { accessLog } from './access-log.ts'
import { createHealthRouter, type Readiness } from './health.ts'
import type { Logger } from './log.ts'
import type { Figures, Metrics } from './metrics.ts'
import { logFailure, sendProblem } from './problem.ts'
import { recordOf } from './request-record.ts'
import type { Draining } from './shutdown.ts'

export interface HttpParts {
  readonly log: Logger
  readonly metrics: Metrics
  /** The figures of the other processes that share the port; none by default. */
  readonly othersFigures?: () => Promise<readonly Figures[]>
  readonly draining: Draining
  /** Whether the store can serve; asked by `/readyz`. */
  readonly health: () => Promise<Readiness>
  readonly version: Readonly<Record<string, string>>
  /** Mounted at `/scim/v2`. */
  readonly scim: Router
  /** Mounted at `/api/v1`. */
  readonly admin: Router
  /** Mounted at `/login`. */
  readonly login: Router
  /** Mounted at `/`: it has `/oauth` and a well-known address. */
  readonly oauth: Router
  /** Mounted at `/`, after everything else. */
  readonly start: Router
}

/** Puts the rooms that speak HTTP together. */
export function createHttpApp(parts: HttpParts): Express {
  const { log, metrics, draining } = parts
  const app = express()
  // Express would tag answers with a hash of their body; the versions of resources are something else.
  app.set('etag', false)
  app.set('x-powered-by', false)
  app.set('query parser', 'simple')
  app.use(accessLog(log, metrics))
  app.use(draining.middleware)
  app.use((_request, response, next) => {
    response.setHeader('X-Content-Type-Options', 'nosniff')
    next()
  })
  const { health: check, version, othersFigures = async () => [] } = parts
  app.use(createHealthRouter({ check, isDraining: draining.isDraining, metrics, othersFigures, version }))
  app.use('/scim/v2', inSpan('scim'), parts.scim)
  app.use('/api/v1', inSpan('admin'), parts.admin)
  app.use('/login', inSpan('login'), parts.login)
  app.use(parts.oauth)
  app.use(parts.start)
  app.use(nothingThere)
  app.use(refusal(log))
  return app
}

/** What a room does for a request is a span within that of the request. */
function inSpan(room: string): RequestHandler {
  return (_request, response, next) => {
    const span = beginSpan(room)
    response.once('close', span.end)
    span.within(next)
  }
}

const nothingThere: RequestHandler = () => {
  throw new UsherError('not_found', 'There is nothing at this address.')
}

/** The last handler: the form of the answer follows the path, since no room has taken the request. */
function refusal(log: Logger): ErrorRequestHandler {
  return (error, request, response, _next) => {
    logFailure(log, recordOf(response).requestId, error)
    if (/^\/scim(\/|$)/i.test(request.path)) sendScimError(response, error)
    else sendProblem(response, error)
  }
}
