import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import { scimErrorBody } from '../scim/errors.ts'
import type { Draining } from './shutdown.ts'

/** Longer than the idle time of the usual load balancers, so that they are the ones who close. */
const keepAliveTimeout = 65_000

/** Milliseconds that the parts of a request may take to arrive, and after which a connection without one is closed. */
const patience: ServerOptions = {
  keepAliveTimeout,
  headersTimeout: keepAliveTimeout + 1_000,
  requestTimeout: 120_000,
}

/**
 * Makes the HTTP server: time limits for slow senders, and an answer for what is no HTTP request or has too long
 * headers, which never reaches the application.
 */
export function createHttpServer(app: RequestListener, draining?: Draining, times: ServerOptions = patience): Server {
  const server = createServer(times, app)
  const latest = new WeakMap<Socket, IncomingMessage>()
  server.on('request', (request: IncomingMessage) => latest.set(request.socket, request))
  server.on('clientError', (error: ParseError, socket: Socket) => refuseClient(error, socket, latest.get(socket)))
  if (draining !== undefined) server.on('connection', draining.connected)
  return server
}

/** Begins to listen. @throws the system's error, such as EADDRINUSE */
export function listen(server: Server, address: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

interface ParseError extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
}

const refusals: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The URL or the headers are too long.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
}

/**
 * Best effort: the path is known from a request whose body is still arriving, or as far as the bytes that were read say
 * it.
 */
function refuseClient(error: ParseError, socket: Socket, latest: IncomingMessage | undefined): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, reason, detail] = refusals[error.code ?? ''] ?? [
    400,
    'Bad Request',
    'This is not a valid HTTP request.',
  ]
  const beginning =
    latest?.complete === false
      ? `${latest.method} ${latest.url}`
      : (error.rawPacket?.subarray(0, 64).toString('latin1') ?? '')
  const isScim = /^[A-Z]+ \/scim\//i.test(beginning)
  const body = JSON.stringify(
    isScim ? scimErrorBody({ status, detail }) : { type: 'about:blank', title: reason, status, detail },
  )
  const type = isScim ? 'application/scim+json' : 'application/problem+json'
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
