import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * A TCP proxy between Usher and its database, with faults that can be switched while it runs. Bytes are delayed, never
 * lost: as on a real network, what was on its way arrives once the way is free again.
 */
export class TcpProxy {
  readonly #server: Server
  readonly #target: { readonly host: string; readonly port: number }
  readonly #sockets = new Set<Socket>()
  #free: Promise<void> = Promise.resolve()
  #release: () => void = () => undefined
  #latency = 0
  #refusing = false
  #unanswered: string | null = null
  readonly #cut = new Set<Socket>()

  private constructor(server: Server, target: { readonly host: string; readonly port: number }) {
    this.#server = server
    this.#target = target
  }

  /** Starts on a free port before the server that a MongoDB address names. */
  static async start(uri: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(uri)
    const server = createServer()
    const proxy = new TcpProxy(server, { host: hostname, port: Number(port) })
    server.on('connection', (socket) => proxy.#accept(socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  /** The same address by way of the proxy. The driver must not look for the members of the set by their own names. */
  through(uri: string): string {
    const address = new URL(uri)
    address.host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    address.searchParams.set('directConnection', 'true')
    return address.href
  }

  /** Everything arrives again, late bytes included. */
  pass(): void {
    this.#latency = 0
    this.#refusing = false
    this.#release()
  }

  /** Every piece arrives so much later. */
  slow(milliseconds: number): void {
    this.#latency = milliseconds
  }

  /** Connections stay open, and new ones are taken, but nothing arrives. */
  blackhole(): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#free = promise
    this.#release = resolve
  }

  /** The next command with this word arrives and is carried out, but its connection breaks instead of the answer. */
  cutAnswerTo(word: string): void {
    this.#unanswered = word
  }

  /** Connections break, and new ones break at once. */
  reset(): void {
    this.#refusing = true
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async close(): Promise<void> {
    this.#release()
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy()
      return
    }
    const server = connect(this.#target)
    void this.#carry(client, server)
    void this.#carry(server, client)
  }

  async #carry(from: Socket, to: Socket): Promise<void> {
    this.#sockets.add(from)
    from.on('error', () => to.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
    try {
      for await (const piece of from) {
        await this.#free
        if (this.#latency > 0) await delay(this.#latency)
        if (this.#cut.delete(to)) to.resetAndDestroy()
        else if (!to.destroyed) to.write(piece)
        if (this.#unanswered === null || !piece.includes(this.#unanswered)) continue
        this.#unanswered = null
        this.#cut.add(from)
      }
    } catch {
      // A connection that was cut: its other half goes with it.
    }
  }
}
