import { type Request, type RequestHandler, type Response, Router } from 'express'
import { UsherError } from '../errors.ts'
import type { Logger } from '../http/log.ts'
import { errorHeaders, logFailure, sendProblem, toUsherError } from '../http/problem.ts'
import { recordOf } from '../http/request-record.ts'
import { browserCookie, clearedBrowserCookie, readBrowserSecret } from './browser-cookie.ts'
import { finishLogin } from './callback.ts'
import { decisionView } from './decision-view.ts'
import { type LoginEnvironment, loginContext } from './environment.ts'
import { type Html, html } from './html.ts'
import { type Page, pageHeaders, renderPage } from './layout.ts'
import { notGenuineReason } from './not-genuine.ts'
import { failurePage, successPage } from './pages.ts'
import { withDecision } from './return-address.ts'
import { startLogin } from './start.ts'

/**
 * The browser's way: `GET /login/{org}/{connection}` and its callback, answered with pages, or with JSON for
 * `Accept: application/json`. To be mounted at `/login`.
 */
export function createLoginRouter(environment: LoginEnvironment, log: Logger): Router {
  const router = Router()
  router
    .route('/:organization/:connection')
    .head(refuseMethod(environment, log))
    .get(answering(environment, log, start))
    .all(refuseMethod(environment, log))
  router
    .route('/:organization/:connection/callback')
    .head(refuseMethod(environment, log))
    .get(answering(environment, log, finish))
    .all(refuseMethod(environment, log))
  return router
}

type Handler = (environment: LoginEnvironment, request: Request, response: Response) => Promise<void>

async function start(environment: LoginEnvironment, request: Request, response: Response): Promise<void> {
  const { location, browserSecret } = await startLogin(environment, {
    ...namesOf(request),
    parameters: parametersOf(request),
    now: environment.now(),
  })
  response.setHeader('Set-Cookie', browserCookie(browserSecret, environment.publicUrl))
  redirect(response, 302, location)
}

async function finish(environment: LoginEnvironment, request: Request, response: Response): Promise<void> {
  const { organization, arrival, returnTo } = await finishLogin(environment, {
    ...namesOf(request),
    parameters: parametersOf(request),
    browserSecret: readBrowserSecret(request.headers.cookie),
    requestId: recordOf(response).requestId,
    now: environment.now(),
  })
  response.setHeader('Set-Cookie', clearedBrowserCookie(environment.publicUrl))
  if (returnTo !== null) return redirect(response, 303, withDecision(returnTo, arrival.reference))
  if (wantsJson(request)) {
    response.setHeader('Content-Type', 'application/json')
    response.status(200).end(JSON.stringify(arrival.answer))
    return
  }
  const further = await explained(environment, request, response, arrival.decisionId, arrival.answer.user)
  sendPage(response, 200, successPage(organization.displayName || organization.slug, arrival.reference, further))
}

/** In the sandbox the page after a sign-in shows the decision; elsewhere that is for administrators only. */
async function explained(
  environment: LoginEnvironment,
  request: Request,
  response: Response,
  decisionId: unknown,
  user?: Parameters<typeof decisionView>[1],
): Promise<Html | null> {
  const names = namesOf(request)
  if (environment.sandbox !== names.organization || typeof decisionId !== 'string') return null
  const organization = await environment.organizations.bySlug(names.organization)
  if (!organization) return null
  const asked = { requestId: recordOf(response).requestId, now: environment.now() }
  const context = loginContext(environment, organization, names.connection, asked)
  return decisionView(await environment.directory.decision(context, decisionId), user)
}

/** A refusal names no reason to the person, in the sandbox neither: whoever tries it out finds the decision by a link. */
function linkToDecision(reference: unknown): Html | null {
  return typeof reference === 'string'
    ? html`<p><a href="/sandbox/decisions/${reference}">What an administrator sees of it</a></p>`
    : null
}

function answering(environment: LoginEnvironment, log: Logger, handler: Handler): RequestHandler {
  return async (request, response) => {
    recordOf(response).organization = namesOf(request).organization
    response.setHeader('Cache-Control', 'no-store')
    try {
      await handler(environment, request, response)
    } catch (thrown) {
      await answerFailure(environment, log, request, response, thrown)
    }
  }
}

async function answerFailure(
  environment: LoginEnvironment,
  log: Logger,
  request: Request,
  response: Response,
  thrown: unknown,
): Promise<void> {
  const { requestId } = recordOf(response)
  logFailure(log, requestId, thrown)
  const reason = notGenuineReason(thrown)
  if (reason) environment.onNotGenuine?.(reason)
  if (wantsJson(request)) return sendProblem(response, thrown)
  const error = toUsherError(thrown)
  recordOf(response).code = error.code
  const further = environment.sandbox === namesOf(request).organization ? linkToDecision(error.members.reference) : null
  for (const [name, value] of Object.entries(errorHeaders(error))) response.setHeader(name, value)
  sendPage(response, error.status, failurePage(error, further))
}

/** HEAD as well: Express would take it for a GET, and a preview of the link would use the state up. */
function refuseMethod(environment: LoginEnvironment, log: Logger): RequestHandler {
  return answering(environment, log, async () => {
    throw new UsherError('method_not_allowed', 'A login is a GET.', { headers: { Allow: 'GET' } })
  })
}

function sendPage(response: Response, status: number, page: Page): void {
  for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value)
  response.status(status).end(renderPage(page))
}

function redirect(response: Response, status: 302 | 303, location: string): void {
  response.setHeader('Location', location)
  response.setHeader('Referrer-Policy', 'no-referrer')
  response.status(status).end()
}

function namesOf(request: Request): { readonly organization: string; readonly connection: string } {
  return { organization: String(request.params.organization), connection: String(request.params.connection) }
}

function parametersOf(request: Request): URLSearchParams {
  const mark = request.originalUrl.indexOf('?')
  return new URLSearchParams(mark === -1 ? '' : request.originalUrl.slice(mark))
}

function wantsJson(request: Request): boolean {
  return request.accepts(['html', 'json']) === 'json'
}
