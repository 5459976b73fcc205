import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises'

/** One direction of the network, and when it has carried what it was given. */
interface Lane {
  freeAt: number
}

/**
 * A TCP proxy between Usher and its database, or its identity provider, with faults that can be switched while it runs.
 * Bytes are delayed, never lost: as on a real network, what was on its way arrives once the way is free again.
 */
export class TcpProxy {
  readonly #server: Server
  readonly #target: { readonly host: string; readonly port: number }
  readonly #sockets = new Set<Socket>()
  #free: Promise<void> = Promise.resolve()
  #release: () => void = () => undefined
  #latency = 0
  #jitter = 0
  #slice = Number.POSITIVE_INFINITY
  /** Bytes in a millisecond. */
  #rate = Number.POSITIVE_INFINITY
  #refusing = false
  #unanswered: string | null = null
  readonly #cut = new Set<Socket>()
  readonly #outward: Lane = { freeAt: 0 }
  readonly #inward: Lane = { freeAt: 0 }

  private constructor(server: Server, target: { readonly host: string; readonly port: number }) {
    this.#server = server
    this.#target = target
  }

  /** Starts on a free port before the server that the address of a database or of an HTTP server names. */
  static async start(uri: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(uri)
    const server = createServer()
    const proxy = new TcpProxy(server, { host: hostname, port: Number(port) })
    server.on('connection', (socket) => proxy.#accept(socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The same address of a database by way of the proxy. The driver must not look for the members of the set by their own names. */
  through(uri: string): string {
    const address = new URL(uri)
    address.host = `127.0.0.1:${this.port}`
    address.searchParams.set('directConnection', 'true')
    return address.href
  }

  /** Everything arrives again, late bytes included. */
  pass(): void {
    this.#latency = 0
    this.#jitter = 0
    this.#slice = Number.POSITIVE_INFINITY
    this.#rate = Number.POSITIVE_INFINITY
    this.#refusing = false
    this.#release()
  }

  /** Every piece arrives so much later, and up to `jitter` milliseconds more. */
  slow(milliseconds: number, jitter = 0): void {
    this.#latency = milliseconds
    this.#jitter = jitter
  }

  /** Everything arrives in pieces of so many bytes. */
  slice(bytes: number): void {
    this.#slice = bytes
  }

  /** All connections together carry so many bytes a second in each direction. */
  limit(bytesPerSecond: number): void {
    this.#rate = bytesPerSecond / 1_000
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
    void this.#carry(client, server, this.#outward)
    void this.#carry(server, client, this.#inward)
  }

  async #carry(from: Socket, to: Socket, lane: Lane): Promise<void> {
    this.#sockets.add(from)
    from.setNoDelay(true)
    from.on('error', () => to.destroy())
    from.on('close', () => this.#sockets.delete(from))
    try {
      for await (const piece of from) {
        await this.#free
        if (this.#latency > 0) await delay(this.#latency + Math.random() * this.#jitter)
        await this.#turn(lane, piece.length)
        if (this.#cut.delete(to)) to.resetAndDestroy()
        else await this.#hand(piece, to)
        if (this.#unanswered === null || !piece.includes(this.#unanswered)) continue
        this.#unanswered = null
        this.#cut.add(from)
      }
      // Its end arrives behind its last byte.
      to.end()
    } catch {
      // A connection that was cut: its other half goes with it.
      to.destroy()
    }
  }

  /** Waits until the lane has carried what came before, and this piece; a limit that is lifted holds nobody up. */
  async #turn(lane: Lane, bytes: number): Promise<void> {
    const due = Math.max(performance.now(), lane.freeAt) + bytes / this.#rate
    lane.freeAt = due
    while (Number.isFinite(this.#rate) && performance.now() < due) {
      await delay(Math.min(20, due - performance.now()))
    }
    if (!Number.isFinite(this.#rate)) lane.freeAt = 0
  }

  async #hand(piece: Buffer, to: Socket): Promise<void> {
    for (let start = 0; start < piece.length; ) {
      const end = Math.min(piece.length, start + this.#slice)
      if (to.destroyed) return
      to.write(piece.subarray(start, end))
      start = end
      // Others get a turn between two pieces, and the kernel sends each by itself.
      if (start < piece.length) await immediate()
    }
  }
}
