import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestHandler, Response } from 'express'

/** Milliseconds that requests in flight have to end. */
const deadline = 10_000

/** Milliseconds that a connection which has asked nothing yet has left to do so. */
const lastCall = 500

/** Whether the process is about to end, and how it does so. */
export interface Draining {
  isDraining(): boolean
  /** Makes `/readyz` answer 503 and every answer close its connection; a connection that asks nothing is closed. */
  begin(): void
  /** `Connection: close` on answers while draining. */
  readonly middleware: RequestHandler
  /** To be told of every connection: the server does not count one that has never asked anything among the idle ones. */
  connected(socket: Socket): void
}

/** Makes the switch from serving to draining; it goes one way. */
export function createDraining(): Draining {
  const silent = new Set<Socket>()
  const unanswered = new Set<Response>()
  let draining = false
  return {
    isDraining: () => draining,
    begin() {
      draining = true
      for (const response of unanswered) if (!response.headersSent) response.setHeader('Connection', 'close')
      const closeSilent = () => {
        for (const socket of silent) socket.destroy()
      }
      setTimeout(closeSilent, lastCall).unref()
    },
    middleware(request, response, next) {
      silent.delete(request.socket)
      unanswered.add(response)
      response.once('close', () => unanswered.delete(response))
      if (draining) response.setHeader('Connection', 'close')
      next()
    },
    connected(socket) {
      silent.add(socket)
      socket.once('close', () => silent.delete(socket))
    },
  }
}

/**
 * Takes no more connections, closes idle ones, and resolves when the requests in flight have been answered; after the
 * deadline what is left is cut off.
 */
export function closeServer(server: Server, milliseconds: number = deadline): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => server.closeAllConnections(), milliseconds)
    // A connection becomes idle when its last request has been answered.
    const sweep = setInterval(() => server.closeIdleConnections(), 100)
    server.close((error) => {
      clearTimeout(timer)
      clearInterval(sweep)
      if (error !== undefined && (error as NodeJS.ErrnoException).code !== 'ERR_SERVER_NOT_RUNNING') reject(error)
      else resolve()
    })
    server.closeIdleConnections()
  })
}
