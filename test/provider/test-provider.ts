import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSigningKey, type SigningKey, signJwt } from './signing-key.ts'

export type Claims = Readonly<Record<string, unknown>>
export type Endpoint = 'discovery' | 'jwks' | 'authorize' | 'token' | 'userinfo'
type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/** What a test may change in the behaviour of the provider, at any time. */
export interface Knobs {
  /** Changes the discovery document. */
  discovery: (document: Claims) => Claims
  /** Changes the published key set. */
  jwks: (set: { readonly keys: readonly unknown[] }) => unknown
  /** Changes the claims of the ID token that the token endpoint gives. */
  idTokenClaims: (claims: Claims) => Claims
  /** Signs the ID token of the token endpoint. */
  signIdToken: (claims: Claims) => Promise<string>
  /** Changes the UserInfo answer. */
  userInfo: (claims: Claims) => Claims
  /** Changes the parameters of the authorization response. */
  authorization: (parameters: Record<string, string>) => Record<string, string>
  /** Answers instead of an endpoint. */
  instead: Partial<Record<Endpoint, Answer>>
}

interface Grant {
  readonly claims: Claims
  readonly nonce: string | null
  readonly challenge: string
  readonly redirectUri: string
}

/** An OpenID provider that does what a test says: a real HTTP server with discovery, keys, code flow and UserInfo. */
export class TestProvider {
  readonly clientId = 'client-of-usher'
  readonly clientSecret = 'secret of the client, with: signs & spaces'
  readonly issuer: string
  readonly requests: Record<Endpoint, number> = { discovery: 0, jwks: 0, authorize: 0, token: 0, userinfo: 0 }
  /** The `traceparent` of the last request to each endpoint. */
  readonly traceparents: Partial<Record<Endpoint, string>> = {}
  readonly knobs: Knobs
  /** Who signs in next. */
  person: Claims = { sub: 'person-1' }
  /** Claims that only UserInfo gives. */
  userInfoOnly: Claims = {}
  /** How the client authenticated at the last token request. */
  lastAuthentication: string | undefined
  /** The last authorization request. */
  lastAuthorization: URLSearchParams | undefined
  signingKey: SigningKey
  publishedKeys: SigningKey[]
  readonly #server: Server
  readonly #codes = new Map<string, Grant>()
  readonly #tokens = new Map<string, Claims>()

  private constructor(server: Server, key: SigningKey, issuer: string) {
    this.#server = server
    this.issuer = issuer
    this.signingKey = key
    this.publishedKeys = [key]
    this.knobs = {
      discovery: (document) => document,
      jwks: (set) => set,
      idTokenClaims: (claims) => claims,
      signIdToken: (claims) => signJwt(this.signingKey, claims),
      userInfo: (claims) => claims,
      authorization: (parameters) => parameters,
      instead: {},
    }
  }

  /**
   * Starts on a free port of the loopback address. `path` is that of the issuer, such as `/tenant`. `outside` gives the
   * address by which others reach it when that is not its own, for a proxy before it.
   */
  static async start(path = '', outside: (own: string) => Promise<string> = async (own) => own): Promise<TestProvider> {
    const key = await createSigningKey()
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const provider = new TestProvider(server, key, `${await outside(own)}${path}`)
    server.on('request', (request, response) => {
      provider.#answer(request, response).catch((error) => response.writeHead(500).end(String(error)))
    })
    return provider
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** An ID token for the headless login: claims over those that make it valid now. */
  async idToken(claims: Claims = {}, header: Claims = {}): Promise<string> {
    return signJwt(this.signingKey, { ...this.#protocolClaims(), ...this.person, ...claims }, header)
  }

  /** A new key signs; what is published follows at once unless told otherwise. */
  async rotate({ publish = true, keepOld = false } = {}): Promise<void> {
    this.signingKey = await createSigningKey()
    if (publish) this.publishedKeys = keepOld ? [...this.publishedKeys, this.signingKey] : [this.signingKey]
  }

  #protocolClaims(): Claims {
    const now = Math.floor(Date.now() / 1000)
    return { iss: this.issuer, aud: this.clientId, iat: now, exp: now + 300 }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.issuer)
    const base = new URL(this.issuer).pathname.replace(/\/$/, '')
    const endpoints: Readonly<Record<string, Endpoint>> = {
      [`${base}/.well-known/openid-configuration`]: 'discovery',
      [`${base}/jwks`]: 'jwks',
      [`${base}/authorize`]: 'authorize',
      [`${base}/token`]: 'token',
      [`${base}/userinfo`]: 'userinfo',
    }
    const endpoint = endpoints[url.pathname]
    if (!endpoint) return void response.writeHead(404).end()
    this.requests[endpoint] += 1
    const { traceparent } = request.headers
    if (typeof traceparent === 'string') this.traceparents[endpoint] = traceparent
    const instead = this.knobs.instead[endpoint]
    if (instead) return instead(request, response)
    switch (endpoint) {
      case 'discovery':
        return sendJson(response, 200, this.knobs.discovery(this.#document()))
      case 'jwks':
        return sendJson(response, 200, this.knobs.jwks({ keys: this.publishedKeys.map((key) => key.published) }))
      case 'authorize':
        return this.#authorize(url.searchParams, response)
      case 'token':
        return this.#token(request, response)
      case 'userinfo':
        return this.#userInfo(request, response)
    }
  }

  #document(): Claims {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      jwks_uri: `${this.issuer}/jwks`,
      userinfo_endpoint: `${this.issuer}/userinfo`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      authorization_response_iss_parameter_supported: true,
    }
  }

  #authorize(parameters: URLSearchParams, response: ServerResponse): void {
    this.lastAuthorization = parameters
    const code = randomBytes(16).toString('base64url')
    this.#codes.set(code, {
      claims: this.person,
      nonce: parameters.get('nonce'),
      challenge: parameters.get('code_challenge') ?? '',
      redirectUri: parameters.get('redirect_uri') ?? '',
    })
    const location = new URL(parameters.get('redirect_uri') ?? '')
    const answer = this.knobs.authorization({ code, state: parameters.get('state') ?? '', iss: this.issuer })
    for (const [name, value] of Object.entries(answer)) location.searchParams.set(name, value)
    response.writeHead(302, { location: location.href }).end()
  }

  async #token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await readText(request))
    this.lastAuthentication =
      request.headers.authorization?.split(' ')[0] ?? (form.has('client_secret') ? 'post' : 'none')
    if (!this.#isClient(request, form)) return sendJson(response, 401, { error: 'invalid_client' })
    const code = form.get('code') ?? ''
    const grant = this.#codes.get(code)
    this.#codes.delete(code)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (!grant || grant.challenge !== challenge || grant.redirectUri !== form.get('redirect_uri')) {
      return sendJson(response, 400, { error: 'invalid_grant' })
    }
    const accessToken = randomBytes(16).toString('base64url')
    this.#tokens.set(accessToken, { ...grant.claims, ...this.userInfoOnly })
    const nonce = grant.nonce === null ? {} : { nonce: grant.nonce }
    const claims = this.knobs.idTokenClaims({ ...this.#protocolClaims(), ...nonce, ...grant.claims })
    sendJson(response, 200, {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 60,
      id_token: await this.knobs.signIdToken(claims),
    })
  }

  #isClient(request: IncomingMessage, form: URLSearchParams): boolean {
    const [scheme, value] = (request.headers.authorization ?? '').split(' ')
    if (scheme === 'Basic') {
      const [id, secret] = Buffer.from(value ?? '', 'base64')
        .toString()
        .split(':')
      const decode = (text = '') => decodeURIComponent(text.replaceAll('+', ' '))
      return decode(id) === this.clientId && decode(secret) === this.clientSecret
    }
    return form.get('client_id') === this.clientId && form.get('client_secret') === this.clientSecret
  }

  #userInfo(request: IncomingMessage, response: ServerResponse): void {
    const claims = this.#tokens.get((request.headers.authorization ?? '').replace(/^Bearer /, ''))
    if (!claims) return void response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end()
    sendJson(response, 200, this.knobs.userInfo(claims))
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
