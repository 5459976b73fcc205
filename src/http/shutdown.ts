import type { Server } from 'node:http'
import type { RequestHandler } from 'express'

/** Milliseconds that requests in flight have to end. */
const deadline = 10_000

/** Whether the process is about to end, and how it does so. */
export interface Draining {
  isDraining(): boolean
  /** Makes `/readyz` answer 503 and every answer close its connection. */
  begin(): void
  /** `Connection: close` on answers while draining. */
  readonly middleware: RequestHandler
}

/** Makes the switch from serving to draining; it goes one way. */
export function createDraining(): Draining {
  let draining = false
  return {
    isDraining: () => draining,
    begin() {
      draining = true
    },
    middleware(_request, response, next) {
      if (draining) response.setHeader('Connection', 'close')
      next()
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
