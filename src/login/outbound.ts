import { type LookupAddress, lookup as resolve } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { UsherError } from '../errors.ts'
import { isPublicAddress } from './public-address.ts'

export interface OutboundOptions {
  /** Issuers at loopback, private and plain-http addresses are allowed. */
  readonly allowPrivateIssuers: boolean
  /** For the whole exchange, from the name lookup to the last byte. */
  readonly timeoutMs?: number
  readonly maxBytes?: number
  /** How names are resolved; injectable, so that tests need no name server. */
  readonly resolve?: NameResolver
}

export type NameResolver = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void

/** What a provider is asked for. */
export type Endpoint = 'discovery' | 'jwks' | 'token' | 'userinfo'

export interface OutboundRequest {
  /** For counters and spans; discovery unless it is said. */
  readonly endpoint?: Endpoint
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly signal?: AbortSignal | null | undefined
}

/** The part of `fetch` that openid-client and jose use. */
export type OutboundFetch = (url: string, request?: OutboundRequest) => Promise<Response>

/**
 * Makes the only way by which this program talks to issuers. Customers choose them, so a request goes to https and
 * public addresses only, to the very address that was checked (a second DNS answer cannot defeat the check), follows
 * no redirect, and is bounded in time and size.
 *
 * The returned function gives the response whatever its status.
 * @throws UsherError `provider_failed` when there is no complete response within the bounds
 */
export function createOutboundFetch(options: OutboundOptions): OutboundFetch {
  const { allowPrivateIssuers, timeoutMs = 5_000, maxBytes = 1_048_576 } = options
  const lookup = allowPrivateIssuers ? undefined : lookupPublic(options.resolve ?? resolve)

  return async (url, request = {}) => {
    const target = URL.parse(url)
    if (target === null) throw failed('The address of the identity provider is not a URL.')
    checkTarget(target, allowPrivateIssuers)
    const deadline = AbortSignal.timeout(timeoutMs)
    const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline
    const body = bodyText(request.body)
    const headers: Record<string, string | number> = { ...request.headers }
    if (body !== undefined) headers['content-length'] = Buffer.byteLength(body)
    const { promise, resolve: succeed, reject } = Promise.withResolvers<Response>()
    const send = target.protocol === 'https:' ? https.request : http.request
    const call = send(
      target,
      { method: request.method ?? 'GET', headers, signal, agent: false, ...(lookup && { lookup }) },
      (response) => readResponse(response, maxBytes).then(succeed, reject),
    )
    call.once('error', reject)
    call.end(body)
    try {
      return await promise
    } catch (error) {
      call.destroy()
      if (error instanceof UsherError) throw error
      if (signal.aborted) throw failed('The identity provider did not answer in time.', error)
      throw failed('The identity provider cannot be reached.', error)
    }
  }
}

/** @throws UsherError `provider_failed` for plain http and addresses that are not public, unless they are allowed */
function checkTarget(target: URL, allowPrivateIssuers: boolean): void {
  if (allowPrivateIssuers && target.protocol === 'http:') return
  if (target.protocol !== 'https:') throw failed('The identity provider must be reached by https.')
  const host = target.hostname.replace(/^\[|\]$/g, '')
  // Literal addresses never pass through the lookup.
  if (!allowPrivateIssuers && isIP(host) !== 0 && !isPublicAddress(host)) throw privateAddress()
}

/** A name lookup that yields public addresses or nothing; a name with one private address among public ones is refused. */
function lookupPublic(resolveName: NameResolver): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { all: true }, (error, addresses) => {
      if (error) return callback(error, [])
      const first = addresses[0]
      if (!first || !addresses.every(({ address }) => isPublicAddress(address))) return callback(privateAddress(), [])
      if (options.all) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    })
  }
}

async function readResponse(response: http.IncomingMessage, maxBytes: number): Promise<Response> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) {
      response.destroy()
      throw failed('The answer of the identity provider is too large.')
    }
    chunks.push(chunk)
  }
  const headers = new Headers()
  for (let index = 0; index + 1 < response.rawHeaders.length; index += 2) {
    headers.append(response.rawHeaders[index]!, response.rawHeaders[index + 1]!)
  }
  const status = response.statusCode ?? 0
  const empty = status === 204 || status === 205 || status === 304
  return new Response(empty ? null : Buffer.concat(chunks), { status, headers })
}

function bodyText(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString()
  throw new TypeError('Only text and form bodies are sent to identity providers.')
}

function privateAddress(): UsherError {
  return failed('The address of the identity provider is not public.')
}

function failed(detail: string, cause?: unknown): UsherError {
  return new UsherError('provider_failed', detail, { cause })
}
