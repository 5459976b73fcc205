import { createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { UsherError } from '../errors.ts'
import { elapsed } from './elapsed.ts'
import type { OutboundFetch } from './outbound.ts'

/** The keys of one issuer as they were read at one moment. */
export type KeySet = ReturnType<typeof createLocalJWKSet>

/** Gives the keys of an issuer to whoever verifies a token. */
export interface KeySource {
  /** The keys that are known now, read when there are none or they are old. @throws UsherError `provider_failed` */
  current(): Promise<KeySet>
  /**
   * The keys after a re-read, for a token that none of the present keys fits; null when the last re-read is less
   * than five seconds ago. What the read no longer contains ends with it. @throws UsherError `provider_failed`
   */
  reread(): Promise<KeySet | null>
}

export interface IssuerKeysOptions {
  readonly fetch: OutboundFetch
  readonly now: () => Date
  /** Told of every read of a key set. */
  readonly onRead?: (() => void) | undefined
}

const freshFor = 10 * 60_000
const staleFor = 24 * 60 * 60_000
const rereadEvery = 5_000
const maxKeys = 200
const maxIssuers = 1_000

/** The key sets of all issuers, each cached, read by one request at a time, and kept through an outage for a day. */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions
  readonly #sources = new Map<string, CachedKeys>()

  constructor(options: IssuerKeysOptions) {
    this.#options = options
  }

  /** The keys that `issuer` publishes at `jwksUri`. */
  of(issuer: string, jwksUri: string): KeySource {
    const name = JSON.stringify([issuer, jwksUri])
    const known = this.#sources.get(name)
    if (known) return known
    const [oldest] = this.#sources.keys()
    if (oldest !== undefined && this.#sources.size >= maxIssuers) this.#sources.delete(oldest)
    const source = new CachedKeys(jwksUri, this.#options)
    this.#sources.set(name, source)
    return source
  }
}

class CachedKeys implements KeySource {
  readonly #jwksUri: string
  readonly #options: IssuerKeysOptions
  #keys: KeySet | null = null
  #readAt = Number.NEGATIVE_INFINITY
  #rereadAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  #reading: Promise<KeySet> | null = null

  constructor(jwksUri: string, options: IssuerKeysOptions) {
    this.#jwksUri = jwksUri
    this.#options = options
  }

  async current(): Promise<KeySet> {
    const now = this.#options.now().getTime()
    const age = elapsed(now, this.#readAt)
    if (this.#keys && age < freshFor) return this.#keys
    const usable = this.#keys !== null && age < staleFor
    // While the provider is down and old keys are good enough, logins do not queue up behind its time limit.
    if (usable && elapsed(now, this.#triedAt) < rereadEvery) return this.#keys!
    try {
      return await this.#read()
    } catch (error) {
      if (usable) return this.#keys!
      throw error
    }
  }

  async reread(): Promise<KeySet | null> {
    // Whoever comes while a read is under way shares it: those keys are as new as a read of its own would be.
    if (this.#reading) return this.#reading
    const now = this.#options.now().getTime()
    if (elapsed(now, this.#rereadAt) < rereadEvery) return null
    this.#rereadAt = now
    return this.#read()
  }

  #read(): Promise<KeySet> {
    this.#reading ??= this.#fetch().finally(() => {
      this.#reading = null
    })
    return this.#reading
  }

  async #fetch(): Promise<KeySet> {
    this.#triedAt = this.#options.now().getTime()
    this.#options.onRead?.()
    const keys = await readKeySet(this.#options.fetch, this.#jwksUri)
    this.#keys = keys
    this.#readAt = this.#options.now().getTime()
    return keys
  }
}

async function readKeySet(fetch: OutboundFetch, jwksUri: string): Promise<KeySet> {
  const response = await fetch(jwksUri, {
    endpoint: 'jwks',
    headers: { accept: 'application/json, application/jwk-set+json' },
  })
  if (response.status !== 200) throw failed(`The key set was answered with status ${response.status}.`)
  const body: unknown = await response.json().catch(() => null)
  try {
    const keys = createLocalJWKSet(body as JSONWebKeySet)
    if (keys.jwks().keys.length > maxKeys) throw failed('The key set has too many keys.')
    return keys
  } catch (error) {
    if (error instanceof UsherError) throw error
    throw failed('The key set cannot be read.', error)
  }
}

function failed(detail: string, cause?: unknown): UsherError {
  return new UsherError('provider_failed', detail, { cause })
}
