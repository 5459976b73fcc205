import { type Request, type Response, Router } from 'express'
import type { RequestContext } from '../context.ts'
import type { Directory } from '../directory/types.ts'
import type { Logger } from '../http/log.ts'
import { logFailure, toUsherError } from '../http/problem.ts'
import { recordOf } from '../http/request-record.ts'
import { decisionView } from '../login/decision-view.ts'
import { type Html, html } from '../login/html.ts'
import { type Page, pageHeaders, renderPage } from '../login/layout.ts'
import type { JsonObject } from '../schema/types.ts'
import { dialects } from '../scim/dialects.ts'
import { people } from './people.ts'
import type { Sandbox } from './seed.ts'

export interface StartPageOptions {
  /** Null where the sandbox is off; a function, because the seed may end after the server has begun to listen. */
  readonly sandbox: () => Sandbox | null
  readonly directory: Pick<Directory, 'decisions' | 'decision'>
  /** Without a trailing slash. */
  readonly publicUrl: string
  readonly log: Logger
  readonly now: () => Date
}

/** The start page `/`, and in the sandbox `/sandbox/decisions/{id or reference}`. To be mounted at the root. */
export function createStartRouter(options: StartPageOptions): Router {
  const router = Router()
  router.get('/', (_request, response) =>
    answer(options, response, async () => {
      const sandbox = options.sandbox()
      return sandbox
        ? sandboxPage(sandbox, options.publicUrl, await recent(options, sandbox, response))
        : plainPage(options)
    }),
  )
  router.get('/sandbox/decisions/:decision', (request, response, next) => {
    const sandbox = options.sandbox()
    if (!sandbox) return next()
    return answer(options, response, () => decisionPage(options, sandbox, request, response))
  })
  return router
}

async function answer(options: StartPageOptions, response: Response, makePage: () => Promise<Page>): Promise<void> {
  let status = 200
  let page: Page
  try {
    page = await makePage()
  } catch (thrown) {
    logFailure(options.log, recordOf(response).requestId, thrown)
    const error = toUsherError(thrown)
    recordOf(response).code = error.code
    status = error.status
    page = { title: 'Usher', body: html`<h1>${error.title}</h1><p><a href="/">Start page</a></p>` }
  }
  for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value)
  response.status(status).end(renderPage(page))
}

function plainPage({ publicUrl }: StartPageOptions): Page {
  return {
    title: 'Usher',
    body: html`<h1>Usher is running.</h1>
<p>SCIM 2.0: <code>${publicUrl}/scim/v2/{organization}</code></p>
<p>Admin API: <code>${publicUrl}/api/v1</code></p>
<p>Health: <a href="/readyz">readyz</a></p>`,
  }
}

function sandboxPage(sandbox: Sandbox, publicUrl: string, decisions: readonly JsonObject[]): Page {
  const { baseUrl, scimClient, scimToken, organization, connection } = sandbox
  const admin = `${publicUrl}/api/v1/organizations/${organization.slug}`
  return {
    title: 'Usher – sandbox',
    body: html`<h1>Usher is running, with a sandbox.</h1>
<p>The organization <b>${organization.slug}</b> has a connection to Contoso, a demo identity provider with five people,
 and a SCIM client. People who sign in are provisioned as they arrive.</p>
<section>
<h2>Sign in as …</h2>
<ul class="people">
${people.map(
  (
    person,
  ) => html`<li><a href="${publicUrl}/login/${organization.slug}/${connection}?login_hint=${encodeURIComponent(person.email)}">Sign in as ${person.givenName} ${person.familyName}
<small>${person.story}</small></a></li>`,
)}
</ul>
</section>
<section>
<h2>SCIM</h2>
<p>Base URL: <code>${baseUrl}</code></p>
<p>With a token of the demo’s SCIM client:</p>
<pre>curl -H 'Authorization: Bearer ${scimToken}' '${baseUrl}/Users'</pre>
<p>How to get a token: by OAuth 2 client credentials, for an hour,</p>
<pre>curl -u '${scimClient}:${scimToken}' -d grant_type=client_credentials \\
  '${publicUrl}/oauth/${organization.slug}/token'</pre>
<p>or a SCIM client of your own, with the operator’s token that was printed at the first start:</p>
<pre>curl -H "Authorization: Bearer $USHER_ADMIN_TOKEN" -H 'Content-Type: application/json' \\
  -d '{"name":"mine"}' '${admin}/scim-clients'</pre>
</section>
<section>
<h2>Recent decisions</h2>
${decisions.length === 0 ? html`<p class="soft">Nobody has signed in yet.</p>` : decisionTable(decisions)}
</section>`,
  }
}

function decisionTable(decisions: readonly JsonObject[]): Html {
  return html`<div class="rows"><table>
<tr><th>Reference</th><th>Outcome</th><th>Who</th><th>When</th></tr>
${decisions.map(
  (
    decision,
  ) => html`<tr><td><a href="/sandbox/decisions/${text(decision.reference)}">${text(decision.reference)}</a></td>
<td>${text(decision.outcome)}${decision.code ? html` <code>${text(decision.code)}</code>` : null}</td>
<td>${text(decision.subject)}</td><td>${text(decision.at)}</td></tr>`,
)}
</table></div>`
}

async function decisionPage(
  options: StartPageOptions,
  sandbox: Sandbox,
  request: Request,
  response: Response,
): Promise<Page> {
  const context = readerContext(options, sandbox, response)
  const decision = await options.directory.decision(context, String(request.params.decision))
  return {
    title: `Decision ${text(decision.reference)}`,
    body: html`<p><a href="/">Start page</a></p>${decisionView(decision, undefined)}
<section><h2>The whole record</h2><pre>${JSON.stringify(decision, null, 2)}</pre></section>`,
  }
}

async function recent(options: StartPageOptions, sandbox: Sandbox, response: Response): Promise<readonly JsonObject[]> {
  const { items } = await options.directory.decisions(readerContext(options, sandbox, response), { limit: 10 })
  return items
}

/** The start page reads, and nothing else. */
function readerContext(
  options: StartPageOptions,
  { organization, baseUrl }: Sandbox,
  response: Response,
): RequestContext {
  return {
    requestId: recordOf(response).requestId,
    now: options.now(),
    principal: { kind: 'system', job: 'start-page' },
    organization,
    source: 'job:start-page',
    dialect: dialects.rfc,
    baseUrl,
    note: () => {},
  }
}

function text(value: JsonObject[string] | undefined): string {
  return typeof value === 'string' ? value : ''
}
