import express, { type Request, type Response, type Router } from 'express'
import { SCIMMYRouters } from 'scimmy-routers'
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { type BodyOptions, readJsonBody } from '../http/body.ts'
import { bodyLimits, groupBodyLimits } from '../http/body-limits.ts'
import { acceptedType } from '../http/media-type.ts'
import { logFailure } from '../http/problem.ts'
import { recordOf } from '../http/request-record.ts'
import { takeTurn } from '../http/turn.ts'
import { readNumber } from '../schema/fraction-form.ts'
import { type Answer, writeAnswer } from './answer.ts'
import { answerLater, asyncResult, isChange } from './asynchronous.ts'
import { bulk } from './bulk.ts'
import type { ScimCall, ScimService } from './call.ts'
import { catalogueOf } from './catalogue.ts'
import { scimBaseUrl } from './context.ts'
import type { Dialect } from './dialects.ts'
import { discover } from './discovery.ts'
import { sendScimError } from './errors.ts'
import { admit, checkRoute, discoveryDialect, enter } from './gate.ts'
import { list } from './list.ts'
import { me } from './me.ts'
import { operate } from './operate.ts'
import { readParameters, readSearchRequest } from './parameters.ts'
import { type Located, locate, type Place, splitPath } from './place.ts'
import { asyncWish } from './prefer.ts'
import { type ResourceCall, routedTypes } from './resources.ts'
import { searchAll } from './search.ts'
import { prepareForRouter } from './shell.ts'

const scimJson = 'application/scim+json'
const json = 'application/json'
const bodyOptions: BodyOptions = { mediaTypes: [scimJson, json], untyped: 'accept' }
/** How many operations are too many is said by the bulk itself, with its own limit. */
const bulkBodyOptions: BodyOptions = { ...bodyOptions, limits: { ...bodyLimits, elements: 100_000 } }
const groupBodyOptions: BodyOptions = { ...bodyOptions, limits: { ...groupBodyLimits, bytes: bodyLimits.bytes } }
const longGroupBodyOptions: BodyOptions = { ...bodyOptions, limits: groupBodyLimits }

/**
 * SCIM over HTTP for every organization, to be mounted at `/scim/v2`: `/{organization}/…`. Credentials are checked before
 * a body is read. Users and groups go through scimmy's router, whose resources are ours; the rest is answered here.
 */
export function createScimRouter(service: ScimService): Router {
  const routed = new WeakMap<object, ResourceCall>()
  const router = express.Router()

  router.use(async (request, response, next) => {
    // Until the client is known, errors are answered as to everybody.
    const wish = { mediaType: scimJson }
    try {
      const answer = await serve(service, request, response, wish, (call, body) => {
        prepareForRouter(request, response, body, wish.mediaType)
        routed.set(request, { service, call })
      })
      if (answer === undefined) next()
      else writeAnswer(response, answer, wish.mediaType)
    } catch (error) {
      logFailure(service.log, recordOf(response).requestId, error)
      sendScimError(response, error, wish.mediaType)
    }
  })
  router.use(
    '/:org',
    // The credential was checked above; the router only asks whose request it is.
    new SCIMMYRouters({ type: 'bearer', handler: () => '', context: (request: Request) => routed.get(request) }),
  )
  return router
}

interface Wish {
  mediaType: string
}

/** Answers a request, or gives it on to scimmy's router and answers nothing. */
async function serve(
  service: ScimService,
  request: Request,
  response: Response,
  wish: Wish,
  giveOn: (call: ScimCall, body: Record<string, unknown> | undefined) => void,
): Promise<Answer | undefined> {
  const record = recordOf(response)
  const path = splitPath(request.path)
  const located = path && locate(service.registry, path.segments, (type) => catalogueOf(type) !== undefined)
  record.route = located === undefined ? '/scim/v2/none' : `/scim/v2/:org${located.template}`
  const slug = path?.slug ?? ''
  if (located?.place.kind === 'discovery') return answerDiscovery(service, request, slug, located, located.place, wish)

  const context = await enter(service, request, slug, record)
  await limitRequest(service, context, response)
  wish.mediaType = mediaTypeFor(request, context.dialect)
  const { place, isExact } = admit(located, request.method, context)
  if (!isExact) context.note('endpoint case')
  const call: ScimCall = {
    context,
    rawQuery: rawQueryOf(request),
    ifMatch: request.get('if-match'),
    ifNoneMatch: request.get('if-none-match'),
  }
  const carriesBody = request.method === 'POST' || request.method === 'PUT' || request.method === 'PATCH'
  const options = carriesBody ? await bodyOptionsFor(service, request, response, place) : bodyOptions
  const numbers = context.dialect.integerForm === 'exact' ? { readNumber } : {}
  const body = carriesBody && place.kind !== 'me' ? await readJsonBody(request, { ...options, ...numbers }) : undefined
  if (place.kind === 'bulk') await service.limits.bulkOperations?.admit(clientKey(context), operationsIn(body))
  const later = context.dialect.asyncRequests === 'accept' ? asyncWish(request.get('prefer')) : undefined
  if (later !== undefined && isChange(place, request.method) && !service.asyncRuns.isFull) {
    const target = { method: request.method, place }
    return answerLater(service, call, target, later, () => answerPlace(service, call, request.method, place, body))
  }
  if ((place.kind === 'collection' || place.kind === 'resource') && routedTypes.has(place.type.name)) {
    giveOn(call, body)
    return undefined
  }
  return answerPlace(service, call, request.method, place, body)
}

/**
 * What a body may be at this place. A long one of a group has to say how long it is, and waits for its turn, since it is
 * held in memory as a whole.
 * @throws UsherError `too_many_requests`
 */
async function bodyOptionsFor(
  { limits }: ScimService,
  request: Request,
  response: Response,
  place: Place,
): Promise<BodyOptions> {
  if (place.kind === 'bulk') return bulkBodyOptions
  if ((place.kind !== 'collection' && place.kind !== 'resource') || place.type.name !== 'Group') return bodyOptions
  const length = Number(request.headers['content-length'] ?? 0)
  if (length <= bodyLimits.bytes) return groupBodyOptions
  if (length <= groupBodyLimits.bytes) await takeTurn(limits.longBodies, '', response)
  return longGroupBodyOptions
}

/**
 * Each client has its pace, and each organization its share of what is done at a time.
 * @throws UsherError `too_many_requests`
 */
async function limitRequest({ limits }: ScimService, context: RequestContext, response: Response): Promise<void> {
  if (context.principal.kind !== 'operator') await limits.requests?.admit(clientKey(context))
  await takeTurn(limits.provisioning, context.organization.id, response)
}

function clientKey({ organization, source }: RequestContext): string {
  return `${organization.id} ${source}`
}

/** What is wrong with the envelope of a bulk is said later. */
function operationsIn(body: Record<string, unknown> | undefined): number {
  return Array.isArray(body?.Operations) ? body.Operations.length : 0
}

function answerPlace(
  service: ScimService,
  call: ScimCall,
  method: string,
  place: Place,
  body: Record<string, unknown> | undefined,
): Answer | Promise<Answer> {
  const { context } = call
  switch (place.kind) {
    case 'collection':
      return operate(service, call, { method, type: place.type, id: undefined, body })
    case 'resource':
      return operate(service, call, { method, type: place.type, id: place.id, body })
    case 'search': {
      const parameters = readSearchRequest(body, context)
      return place.type === undefined
        ? searchAll(service, context, parameters)
        : list(service, context, place.type, parameters)
    }
    case 'root':
      return searchAll(service, context, readParameters(call.rawQuery, context.dialect))
    case 'bulk':
      return bulk(service, call, body)
    case 'result':
      return asyncResult(service, call, place.id)
    case 'me':
      return me()
    case 'discovery':
      throw new UsherError('internal_error', 'Discovery is answered before the credentials are asked for.')
  }
}

async function answerDiscovery(
  service: ScimService,
  request: Request,
  slug: string,
  located: Located,
  { document, id }: Extract<Place, { kind: 'discovery' }>,
  wish: Wish,
): Promise<Answer> {
  const dialect = await discoveryDialect(service, request)
  wish.mediaType = mediaTypeFor(request, dialect)
  checkRoute(located, request.method, dialect)
  return discover(service.registry, {
    document,
    id,
    baseUrl: scimBaseUrl(service.publicUrl, slug),
    rawQuery: rawQueryOf(request),
    ifNoneMatch: request.get('if-none-match'),
    dialect,
  })
}

/**
 * The media type of the answer (RFC 7644 section 3.8).
 * @throws UsherError `not_acceptable`
 */
function mediaTypeFor(request: Request, dialect: Dialect): string {
  const accepted = acceptedType(request.get('accept'), [scimJson, json])
  if (accepted === undefined) throw new UsherError('not_acceptable', `Answers are ${scimJson} or ${json}.`)
  if (dialect.mediaType === 'negotiate') return accepted
  return dialect.mediaType === 'json' ? json : scimJson
}

function rawQueryOf(request: Request): string {
  const url = request.originalUrl
  const mark = url.indexOf('?')
  return mark < 0 ? '' : url.slice(mark + 1)
}
