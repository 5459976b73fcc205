import type { Request, RequestHandler } from 'express'
import { beginRequestSpan } from '../tracing.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { requestIdOf } from './request-id.ts'
import { beginRecord, type RequestRecord } from './request-record.ts'

/**
 * Begins the record of each request, answers its id as `X-Request-Id`, and when the answer has ended (or the client has
 * gone) writes the one log line, counts it and ends its span. The query is never logged: it may hold personal data.
 */
export function accessLog(log: Logger, metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const began = performance.now()
    const record = beginRecord(response, requestIdOf(request.get('x-request-id')))
    const span = beginRequestSpan(request.headers)
    response.setHeader('X-Request-Id', record.requestId)
    metrics.requestBegan()
    response.once('close', () => {
      const ms = performance.now() - began
      const route = routeOf(request, record)
      const { method } = request
      const status = response.statusCode
      metrics.requestEnded({ route, method, status, seconds: ms / 1000 })
      span.end({ method, route, status })
      metrics.normalised(record.normalisations)
      if (record.code === 'invalid_filter' || record.code === 'too_many') metrics.filterRejected(record.code)
      log.info(response.writableFinished ? 'request' : 'request aborted', {
        requestId: record.requestId,
        trace: span.traceId,
        organization: record.organization,
        client: record.client,
        method,
        route,
        status,
        ms,
        code: record.code,
        normalisations: record.normalisations,
      })
    })
    span.within(next)
  }
}

/** Parts of a path that are names of routes; what else stands in front of a router is a parameter's value. */
const literal = /^(api|v1|organizations|login|oauth|scim|v2|\.well-known|oauth-authorization-server|sandbox)$/

/** The template of the route. Whatever no route has taken is one entry, so that the label stays bounded. */
function routeOf(request: Request, record: RequestRecord): string {
  if (record.route !== undefined) return record.route
  const path: unknown = request.route?.path
  if (typeof path !== 'string') return 'none'
  const base = request.baseUrl.split('/').map((part) => (part === '' || literal.test(part) ? part : ':name'))
  return base.join('/') + (path === '/' && base.length > 1 ? '' : path)
}
