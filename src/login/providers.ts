import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  clockTolerance,
  customFetch,
  enableNonRepudiationChecks,
  None,
} from 'openid-client'
import { UsherError } from '../errors.ts'
import { signatureAlgorithms } from '../http/signature-algorithms.ts'
import type { Connection } from '../organizations/types.ts'
import { breakCircuit } from './circuit.ts'
import { type DiscoveryDocument, readDiscovery } from './discovery.ts'
import { elapsed } from './elapsed.ts'
import { IssuerKeys, type KeySource } from './keys.ts'
import { fetchAt, type OnProviderRequest, observeFetch } from './observed-fetch.ts'
import { createOutboundFetch, type OutboundFetch, type OutboundOptions } from './outbound.ts'

/** An identity provider as one connection uses it. */
export interface Provider {
  /** The way to the provider, which leaves it alone for a while when it fails again and again. */
  readonly fetch: OutboundFetch
  /** For the code flow. The ID token's signature is checked by `keys`, which also follow a rotation at once. */
  readonly flow: Configuration
  /** For UserInfo: an answer that is signed is checked against the issuer's keys. */
  readonly userInfo: Configuration
  readonly hasUserInfo: boolean
  /** RFC 9207: the provider says that it puts `iss` into every authorization response. */
  readonly announcesIss: boolean
  readonly keys: KeySource
  /** What discovery announces now; other than the pinned issuer when the provider was re-pointed. */
  readonly announcedIssuer: string
  /** Whether the endpoints come from a document that announced the pinned issuer. */
  readonly endpointsTrusted: boolean
}

export interface ProvidersOptions extends OutboundOptions {
  readonly now: () => Date
  /** For counters. */
  readonly onRequest?: OnProviderRequest | undefined
  readonly onKeysRead?: (() => void) | undefined
}

interface Entry {
  readonly version: number
  readonly provider: Provider
  readonly readAt: number
}

const freshFor = 10 * 60_000
const staleFor = 24 * 60 * 60_000
/** A provider that is down is not asked by every login: seldom where old facts serve, soon where nobody gets in. */
const retryWhileUsable = 5_000
const retryWhileBlind = 1_000
const maxEntries = 1_000

/** What is known of the identity providers: for each connection and version its discovery document, cached. */
export class Providers {
  readonly fetch: OutboundFetch
  readonly allowPrivateIssuers: boolean
  readonly #options: ProvidersOptions
  readonly #keys: IssuerKeys
  readonly #entries = new Map<string, Entry>()
  readonly #failedAt = new Map<string, { readonly at: number; readonly error: unknown }>()
  readonly #reading = new Map<string, Promise<Provider>>()

  constructor(options: ProvidersOptions) {
    this.#options = options
    this.allowPrivateIssuers = options.allowPrivateIssuers
    this.fetch = observeFetch(createOutboundFetch(options), options.onRequest)
    this.#keys = new IssuerKeys({ fetch: this.fetch, now: options.now, onRead: options.onKeysRead })
  }

  /**
   * The provider of a connection. Discovery is read at most every ten minutes, by one request at a time; during an
   * outage what was read last serves for a day.
   *
   * @throws UsherError `provider_failed`
   */
  async of(connection: Connection): Promise<Provider> {
    const entry = this.#entries.get(connection.id)
    const current = entry?.version === connection.version ? entry : undefined
    const now = this.#options.now().getTime()
    if (current && elapsed(now, current.readAt) < freshFor) return current.provider
    const usable = current && elapsed(now, current.readAt) < staleFor ? current.provider : undefined

    const name = `${connection.id} ${connection.version}`
    const failure = this.#failedAt.get(name)
    if (failure && elapsed(now, failure.at) < (usable ? retryWhileUsable : retryWhileBlind)) {
      if (usable) return usable
      throw failure.error
    }
    try {
      return await this.#read(name, connection, current?.provider)
    } catch (error) {
      if (usable) return usable
      throw error
    }
  }

  #read(name: string, connection: Connection, previous: Provider | undefined): Promise<Provider> {
    const pending = this.#reading.get(name)
    if (pending) return pending
    const reading = this.#discover(name, connection, previous).finally(() => this.#reading.delete(name))
    this.#reading.set(name, reading)
    return reading
  }

  async #discover(name: string, connection: Connection, previous: Provider | undefined): Promise<Provider> {
    const { allowPrivateIssuers, now } = this.#options
    try {
      const document = await readDiscovery(this.fetch, connection.issuer, allowPrivateIssuers)
      const provider = this.#build(connection, document, previous)
      dropOldest(this.#entries)
      this.#entries.set(connection.id, { version: connection.version, provider, readAt: now().getTime() })
      this.#failedAt.delete(name)
      return provider
    } catch (error) {
      if (error instanceof UsherError && error.code === 'provider_failed') {
        dropOldest(this.#failedAt)
        this.#failedAt.set(name, { at: now().getTime(), error })
      }
      throw error
    }
  }

  #build(connection: Connection, document: DiscoveryDocument, previous: Provider | undefined): Provider {
    const endpointsTrusted = document.issuer === connection.issuer
    // A document of another issuer says that the login must be refused, and nothing else that counts.
    if (!endpointsTrusted && previous?.endpointsTrusted) return { ...previous, announcedIssuer: document.issuer }
    const fetch = previous?.fetch ?? breakCircuit(this.fetch, this.#options.now)
    return {
      fetch,
      flow: this.#configure(connection, document, fetchAt('token', fetch)),
      userInfo: this.#configure(connection, document, fetchAt('userinfo', fetch), enableNonRepudiationChecks),
      hasUserInfo: document.userinfo_endpoint !== undefined,
      announcesIss: document.authorization_response_iss_parameter_supported === true,
      keys: this.#keys.of(connection.issuer, document.jwks_uri),
      announcedIssuer: document.issuer,
      endpointsTrusted,
    }
  }

  #configure(
    connection: Connection,
    document: DiscoveryDocument,
    fetch: OutboundFetch,
    ...extensions: readonly ((configuration: Configuration) => void)[]
  ): Configuration {
    const announced = document.id_token_signing_alg_values_supported
    const configuration = new Configuration(
      {
        ...withoutUndefined(document),
        issuer: connection.issuer,
        id_token_signing_alg_values_supported: signatureAlgorithms.filter(
          (algorithm) => announced?.includes(algorithm) ?? true,
        ),
        userinfo_signing_alg_values_supported: [...signatureAlgorithms],
      },
      connection.clientId,
      { [clockTolerance]: 60 },
      clientAuthentication(connection, document),
    )
    configuration[customFetch] = fetch
    configuration.timeout = (this.#options.timeoutMs ?? 5_000) / 1000
    if (this.#options.allowPrivateIssuers) allowInsecureRequests(configuration)
    for (const extend of extensions) extend(configuration)
    return configuration
  }
}

/** `client_secret_basic` is what a provider that announces nothing accepts (Discovery section 3). */
function clientAuthentication(connection: Connection, document: DiscoveryDocument): ClientAuth {
  if (connection.clientSecret === null) return None()
  const methods = document.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  const post = methods.includes('client_secret_post') && !methods.includes('client_secret_basic')
  return post ? ClientSecretPost(connection.clientSecret) : ClientSecretBasic(connection.clientSecret)
}

type Present<Type> = { [Key in keyof Type]: Exclude<Type[Key], undefined> }

/** openid-client takes an optional member that is present for one that has a value. */
function withoutUndefined(document: DiscoveryDocument): Present<DiscoveryDocument> {
  const present = Object.entries(document).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as Present<DiscoveryDocument>
}

function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys()
  if (oldest !== undefined && map.size >= maxEntries) map.delete(oldest)
}
