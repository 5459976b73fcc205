import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import { UsherError } from '../errors.ts'
import { readJsonBody } from '../http/body.ts'
import { problemHandler } from '../http/problem.ts'
import { recordOf } from '../http/request-record.ts'
import { takeTurn } from '../http/turn.ts'
import type { AdminDependencies } from './dependencies.ts'
import { authenticate, authorize, enterOrganization } from './gate.ts'
import { linesType, sendLines } from './lines.ts'
import { openApiDocument } from './openapi.ts'
import { readLines, sendsLines } from './read-lines.ts'
import { readWith } from './reading.ts'
import { type Answer, parameter, type Route } from './route.ts'
import { adminRoutes } from './routes.ts'

const mediaTypes = ['application/json', 'application/merge-patch+json']

/** The admin API, to be mounted at `/api/v1`. */
export function createAdminRouter(dependencies: AdminDependencies): Router {
  const router = express.Router({ caseSensitive: true })
  for (const [path, routes] of Map.groupBy(adminRoutes, ({ path }) => path)) {
    const mounted = router.route(expressPath(path))
    for (const route of routes) mounted[route.method](handlerOf(dependencies, route))
    mounted.all(refuseMethod(dependencies, routes))
  }
  mountDocument(router)
  router.use(async (request, response) => {
    await authenticate(dependencies, request, recordOf(response))
    throw new UsherError('not_found', 'There is nothing at this address.')
  })
  router.use(problemHandler(dependencies.log))
  return router
}

/** `/organizations/{org}` as Express writes it. */
export function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

function handlerOf(dependencies: AdminDependencies, route: Route): RequestHandler {
  return async (request, response) => {
    const answer = await answerTo(dependencies, route, request, response)
    if (answer.lines === undefined) send(response, answer)
    else await sendLines(response, answer.lines)
  }
}

/** Who asks comes before what is asked: nothing of the request is read for a caller who may not ask. */
async function answerTo(
  dependencies: AdminDependencies,
  route: Route,
  request: Request,
  response: Response,
): Promise<Answer> {
  const record = recordOf(response)
  const caller = await authenticate(dependencies, request, record)
  const parameters = request.params as Readonly<Record<string, string>>
  if (route.of === 'service') {
    authorize(caller.principal, route.access)
    return route.handle(dependencies, { ...(await readCall(route, request)), parameters, caller })
  }
  const context = await enterOrganization(dependencies, caller, parameter({ parameters }, 'org'), record)
  authorize(caller.principal, route.access)
  await takeTurn(dependencies.limits.administration, context.organization.id, response)
  return route.handle(dependencies, { ...(await readCall(route, request)), parameters, context })
}

async function readCall(route: Route, request: Request) {
  const query = route.query === undefined ? {} : readWith(route.query, request.query, 'query')
  const preconditions = { ifMatch: request.get('if-match'), ifNoneMatch: request.get('if-none-match') }
  const wantsLines = route.lines === true && request.accepts(['application/json', linesType]) === linesType
  if (route.body === undefined) return { query, body: undefined, preconditions, wantsLines }
  const body = await readBody(route, request)
  if (body === undefined && route.bodyOptional !== true) {
    throw new UsherError('validation_failed', 'This needs a body, which is a JSON object.')
  }
  return { query, body: readWith(route.body, body ?? {}, 'body'), preconditions, wantsLines }
}

async function readBody({ bodyLines }: Route, request: Request): Promise<unknown> {
  if (bodyLines === undefined) return readJsonBody(request, { mediaTypes, untyped: 'accept' })
  if (sendsLines(request)) {
    const query = readWith(bodyLines.query, request.query, 'query') as Readonly<Record<string, unknown>>
    return bodyLines.bodyOf(await readLines(request, bodyLines), query)
  }
  const [name] = Object.keys(request.query)
  if (name === undefined) return readJsonBody(request, { mediaTypes: [...mediaTypes, linesType], untyped: 'accept' })
  const message = 'The query goes with lines of JSON. A JSON body says everything itself.'
  throw new UsherError('validation_failed', message, { errors: [{ path: name, message }] })
}

function refuseMethod(dependencies: AdminDependencies, routes: readonly Route[]): RequestHandler {
  const methods = routes.map(({ method }) => method.toUpperCase())
  const allowed = methods.includes('GET') ? ['HEAD', ...methods] : methods
  return async (request, response) => {
    const record = recordOf(response)
    const caller = await authenticate(dependencies, request, record)
    const slug = request.params.org
    if (typeof slug === 'string') await enterOrganization(dependencies, caller, slug, record)
    throw notAllowed(request, allowed)
  }
}

/** The document of this API is readable without credentials. */
function mountDocument(router: Router): void {
  const document = JSON.stringify(openApiDocument())
  router
    .route('/openapi.json')
    .get((_request, response) => {
      response.setHeader('Content-Type', 'application/json; charset=utf-8')
      response.setHeader('Cache-Control', 'public, max-age=300')
      response.end(document)
    })
    .all((request) => {
      throw notAllowed(request, ['HEAD', 'GET'])
    })
}

function notAllowed(request: Request, allowed: readonly string[]): UsherError {
  return new UsherError('method_not_allowed', `${request.method} is not possible here.`, {
    headers: { Allow: allowed.join(', ') },
  })
}

function send(response: Response, { status, body, headers = {} }: Answer): void {
  response.status(status)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store')
  if (body === undefined) {
    response.end()
    return
  }
  response.setHeader('Content-Type', 'application/json; charset=utf-8')
  response.end(JSON.stringify(body))
}
