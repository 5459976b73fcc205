import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { RequestContext } from '../../src/context.ts'
import type { Arrival, ArrivalInput } from '../../src/directory/types.ts'
import { UsherError } from '../../src/errors.ts'
import type { Logger } from '../../src/http/log.ts'
import type { LoginEnvironment } from '../../src/login/environment.ts'
import type { NotGenuineReason } from '../../src/login/not-genuine.ts'
import { Providers } from '../../src/login/providers.ts'
import { createLoginRouter } from '../../src/login/router.ts'
import type { Connection, LoginTransaction } from '../../src/organizations/types.ts'

/** What a connection needs to say for a test. */
export type ConnectionInput = Pick<Connection, 'id' | 'issuer' | 'clientId' | 'clientSecret'> & Partial<Connection>

/**
 * The login room on a real HTTP server, with the rooms behind it replaced by what they promise: organizations keep
 * transactions in a map, and the directory writes down who arrived.
 */
export interface LoginStage {
  readonly url: string
  readonly environment: LoginEnvironment
  readonly context: RequestContext
  readonly connections: Map<string, Connection>
  readonly arrivals: (ArrivalInput & { readonly context: RequestContext })[]
  readonly notGenuine: NotGenuineReason[]
  readonly transactions: Map<string, LoginTransaction & { readonly browser: string; readonly until: number }>
  /** What happens to whoever arrives; set by tests of refusals. */
  onArrival: (() => void) | null
  /** Added to the real time. */
  clockOffset: number
  add(input: ConnectionInput): Connection
  close(): Promise<void>
}

const organization = {
  id: 'o-1',
  slug: 'acme',
  displayName: 'Acme <&> Co',
  defaultRole: null,
  seatLimit: null,
  returnUrls: ['https://app.example/done'],
}

export async function openLoginStage(
  options: { readonly sandbox?: boolean; readonly publicUrl?: string } = {},
): Promise<LoginStage> {
  const app = express()
  const server: Server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stage: Omit<LoginStage, 'environment' | 'context'> = {
    url,
    connections: new Map(),
    arrivals: [],
    notGenuine: [],
    transactions: new Map(),
    onArrival: null,
    clockOffset: 0,
    add(input) {
      const connection = completeConnection(input)
      stage.connections.set(connection.id, connection)
      return connection
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  const environment = environmentOf(stage, options.publicUrl ?? url, options.sandbox ? organization.slug : null)
  app.use('/login', createLoginRouter(environment, silent))
  const context = { requestId: 'r-1', now: new Date(), organization } as unknown as RequestContext
  return Object.assign(stage, { environment, context })
}

function environmentOf(
  stage: Omit<LoginStage, 'environment' | 'context'>,
  publicUrl: string,
  sandbox: string | null,
): LoginEnvironment {
  const now = () => new Date(Date.now() + stage.clockOffset)
  return {
    publicUrl,
    sandbox,
    now,
    onNotGenuine: (reason) => stage.notGenuine.push(reason),
    providers: new Providers({ allowPrivateIssuers: true, timeoutMs: 3_000, now }),
    organizations: {
      bySlug: async (slug) => (slug === organization.slug ? organization : null),
      async connection(_organization, id) {
        const connection = stage.connections.get(id)
        if (!connection) throw new UsherError('not_found', 'There is no such connection.')
        return connection
      },
      async saveLoginTransaction(_organization, { state, now: at, ...transaction }) {
        stage.transactions.set(state, { ...transaction, until: at.getTime() + 600_000 })
      },
      async takeLoginTransaction(_organization, { state, connection, browser, now: at }) {
        const found = stage.transactions.get(state)
        if (!found || found.connection !== connection || found.browser !== browser) return null
        stage.transactions.delete(state)
        return found.until > at.getTime() ? found : null
      },
    },
    directory: {
      async arrive(context, input) {
        stage.arrivals.push({ ...input, context })
        stage.onArrival?.()
        return { decision: {}, decisionId: 'd-1', reference: '7F3K-22QM', answer } as unknown as Arrival
      },
      decision: async () => decision,
    },
  }
}

const answer = {
  outcome: 'created',
  decisionId: 'd-1',
  reference: '7F3K-22QM',
  user: { userName: '<script>alert(1)</script>' },
  organization: 'acme',
}

const decision = {
  id: 'd-1',
  reference: '7F3K-22QM',
  outcome: 'created',
  code: null,
  steps: [{ step: 'connection', result: 'pass', detail: 'The connection is enabled.' }],
  operations: [{ method: 'POST', path: '/Users', bulkId: 'user', data: { userName: 'anna' } }],
  warnings: [],
}

function completeConnection(input: ConnectionInput): Connection {
  return {
    organization: organization.id,
    name: input.id,
    type: 'oidc',
    scopes: ['openid', 'profile', 'email'],
    audiences: [],
    enabled: true,
    version: 1,
    state: { id: input.id, name: input.id, enabled: true, issuer: input.issuer } as Connection['state'],
    ...input,
  }
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent }
