import { type ErrorRequestHandler, Router } from 'express'
import { UsherError } from '../errors.ts'
import { readFormBody } from '../http/form.ts'
import type { Logger } from '../http/log.ts'
import { logFailure } from '../http/problem.ts'
import { recordOf } from '../http/request-record.ts'
import type { Limits } from '../limits/limits.ts'
import { sendOAuthError, sendUncached } from './errors.ts'
import { serverMetadata } from './metadata.ts'
import { issueToken, type OAuthRooms } from './token.ts'

export interface OAuthRouterOptions extends OAuthRooms {
  readonly log: Logger
  readonly limits: Pick<Limits, 'failedAttempts'>
  readonly now: () => Date
}

const seconds = 300

/**
 * The token endpoint of each organization, `POST /oauth/{org}/token`, and its metadata where RFC 8414 section 3.1 puts
 * them. To be mounted at `/`.
 */
export function createOAuthRouter({ log, limits, now, ...rooms }: OAuthRouterOptions): Router {
  const router = Router()
  router
    .route('/oauth/:organization/token')
    .post(async (request, response) => {
      const { organization: slug } = request.params
      const parameters = await readFormBody(request)
      const asked = { slug, authorization: request.get('authorization'), parameters, now: now() }
      const { clientId, response: token } = await issueToken(rooms, asked).catch((error: unknown) => {
        if (error instanceof UsherError && error.code === 'invalid_client') {
          limits.failedAttempts.count(request.socket.remoteAddress ?? '')
        }
        throw error
      })
      Object.assign(recordOf(response), { organization: slug, client: `scim:${clientId}` })
      sendUncached(response, 200, token)
    })
    .all(() => {
      throw methodNotAllowed('POST')
    })
  router
    .route('/.well-known/oauth-authorization-server/oauth/:organization')
    .get((request, response) => {
      response.setHeader('Cache-Control', `public, max-age=${seconds}`)
      const { publicUrl, scimScopes } = rooms.environment
      response.json(serverMetadata(publicUrl, request.params.organization, scimScopes))
    })
    .all(() => {
      throw methodNotAllowed('GET, HEAD')
    })
  router.use(refusal(log))
  return router
}

function methodNotAllowed(allowed: string): UsherError {
  return new UsherError('method_not_allowed', `Only ${allowed} is possible here.`, { headers: { Allow: allowed } })
}

function refusal(log: Logger): ErrorRequestHandler {
  return (error, _request, response, _next) => {
    logFailure(log, recordOf(response).requestId, error)
    sendOAuthError(response, error)
  }
}
