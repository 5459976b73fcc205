import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Configuration, Provider } from 'oidc-provider'
import { html } from '../login/html.ts'
import { type Page, pageHeaders, renderPage } from '../login/layout.ts'
import { createMemoryAdapters } from './memory-adapter.ts'
import { claimsOf, findPerson, people } from './people.ts'
import type { ProviderSecrets } from './provider-secrets.ts'

/** The client id of Usher at the demo identity provider. */
export const demoClientId = 'usher'

export interface DemoProviderOptions {
  readonly host: string
  readonly port: number
  /** The URL under which browsers and this process reach it; without a trailing slash. */
  readonly issuer: string
  /** Logins may return to any callback below this URL: the connection's id is made after the provider has started. */
  readonly loginUrl: string
  readonly secrets: ProviderSecrets
}

export interface DemoProvider {
  readonly issuer: string
  /** Stops listening and drops open connections. */
  close(): Promise<void>
}

/** Starts the demo identity provider: a real OpenID provider where one signs in by choosing one of five people. */
export async function startDemoProvider(options: DemoProviderOptions): Promise<DemoProvider> {
  const provider = new Provider(options.issuer, configuration(options))
  // The answer to any registered callback would need the connection's id, which does not exist yet.
  provider.Client.prototype.redirectUriAllowed = (uri: string) =>
    uri.startsWith(`${options.loginUrl}/`) && uri.endsWith('/callback') && !/[?#\\]|\.\./.test(uri)
  const handle = provider.callback()
  const server = createServer((request, response) => {
    forgetSession(request)
    const path = (request.url ?? '/').split('?', 1)[0]!
    if (path.startsWith('/interaction/')) {
      chooseByPath(provider, path, request, response).catch(() => sendPage(response, 400, expiredPage))
    } else if (path === '/') {
      sendPage(response, 200, welcomePage)
    } else {
      handle(request, response)
    }
  })
  server.listen(options.port, options.host)
  await once(server, 'listening')
  return {
    issuer: options.issuer,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function configuration(options: DemoProviderOptions): Configuration {
  return {
    adapter: createMemoryAdapters(),
    clients: [
      {
        client_id: demoClientId,
        client_secret: options.secrets.clientSecret,
        redirect_uris: [`${options.loginUrl}/callback`],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [options.secrets.key] },
    cookies: { keys: [options.secrets.cookieKey] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: {
      openid: ['sub'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    async findAccount(_ctx, subject) {
      const person = findPerson(subject)
      return person && { accountId: person.subject, claims: () => claimsOf(person) }
    },
    renderError(ctx) {
      ctx.set({ ...pageHeaders })
      ctx.body = renderPage(expiredPage)
    },
    // Nobody is asked for consent: there is one client, and it is the one that is being tried out.
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc
      if (!client || !session?.accountId) return undefined
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile email groups')
      await grant.save()
      return grant
    },
  }
}

/** `/interaction/{uid}` shows the people, or takes the one that the login hint names; `/interaction/{uid}/{subject}` takes that one. */
async function chooseByPath(
  provider: Provider,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { uid, params } = await provider.interactionDetails(request, response)
  const chosen = findPerson(path.split('/')[3]) ?? findPerson(params.login_hint)
  if (!chosen) return sendPage(response, 200, choicePage(uid))
  const login = { accountId: chosen.subject, remember: false }
  await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false })
}

function choicePage(uid: string): Page {
  return {
    title: 'Contoso sign-in',
    body: html`<h1>Who are you?</h1>
<p class="soft">This is Contoso, the demo identity provider. There are no passwords: choose somebody.</p>
<ul class="people">
${people.map(
  (person) => html`<li><a href="/interaction/${uid}/${person.subject}">${person.givenName} ${person.familyName}
<small>${person.email} – ${person.story}</small></a></li>`,
)}
</ul>`,
  }
}

/** Every login asks who it is, so that one browser can be five people in turn. */
function forgetSession(request: IncomingMessage): void {
  const kept = request.headers.cookie?.split(/; */).filter((pair) => !pair.startsWith('_session'))
  if (kept) request.headers.cookie = kept.join('; ')
}

const welcomePage: Page = {
  title: 'Contoso',
  body: html`<h1>Contoso</h1><p>The demo identity provider of the sandbox. Logins come here by themselves.</p>`,
}

const expiredPage: Page = {
  title: 'Contoso sign-in',
  body: html`<h1>This sign-in has ended.</h1><p>Please start again.</p>`,
}

function sendPage(response: ServerResponse, status: number, page: Page): void {
  response.writeHead(status, pageHeaders).end(renderPage(page))
}
