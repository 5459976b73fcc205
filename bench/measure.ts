/** A closed loop: a fixed number of requests under way, the next one sent when one is answered. */
import { Agent, request } from 'node:http'
import { type Latency, latencyOf } from './latency.ts'
import type { Measured } from './process.ts'

/** A request, with the status that a correct answer has. */
export interface Ask {
  readonly method: string
  readonly path: string
  readonly token?: string
  readonly body?: unknown
  readonly status: number
  /** Whether the body is right as well, where the status does not tell. */
  readonly check?: (body: string) => boolean
}

/** Gives the next request; undefined when nothing is left to ask. */
export type Asking = () => Ask | undefined

export interface Reading {
  readonly rate: number
  /** CPU time of the measured process for one operation, in milliseconds. */
  readonly cpu: number
  readonly latency: Latency
}

/** Sends requests over connections that stay open. */
export class Client {
  readonly #agent: Agent
  readonly #url: URL

  constructor(url: string, connections: number) {
    this.#url = new URL(url)
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  send(ask: Ask): Promise<{ readonly status: number; readonly body: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
    const text = ask.body === undefined ? undefined : JSON.stringify(ask.body)
    const sent = request({
      agent: this.#agent,
      host: this.#url.hostname,
      port: this.#url.port,
      method: ask.method,
      path: ask.path,
      headers: {
        ...(ask.token === undefined ? {} : { authorization: `Bearer ${ask.token}` }),
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
    })
    sent.on('response', (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
      answer.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(text)
    return promise
  }

  /** The body, read as JSON, of an answer that has the expected status. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape, of which the caller takes what it needs
  async must(ask: Ask): Promise<any> {
    const { status, body } = await this.send(ask)
    if (status !== ask.status) throw new Error(`${ask.method} ${ask.path}: ${status} ${body.slice(0, 500)}`)
    return body === '' ? undefined : JSON.parse(body)
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** How often the sides take turns unless they are compared closely, so that a neighbour's load falls on all of them. */
const usualTurns = 3
/** Seconds that are spent on each side before, so that its code is compiled and connections are open. */
const warmUp = 2

export interface Side {
  readonly process: Measured
  readonly client: Client
  readonly asking: Asking
  /** Requests under way at a time, where it is not as many as on the other sides. */
  readonly inFlight?: number
}

/** Measures several things in turns. Any answer that is not the expected one ends the run. */
export async function measureInTurns(
  sides: readonly Side[],
  options: { readonly seconds: number; readonly inFlight: number; readonly turns?: number },
): Promise<readonly Reading[]> {
  const { turns = usualTurns } = options
  const sums = sides.map(() => ({ times: [] as number[], seconds: 0, cpu: 0 }))
  for (const { client, asking, inFlight = options.inFlight } of sides) {
    await runLoop(client, asking, inFlight, performance.now() + warmUp * 1_000)
  }
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [index, { process, client, asking, inFlight = options.inFlight }] of sides.entries()) {
      const sum = sums[index]!
      const cpu = await process.cpu()
      const began = performance.now()
      sum.times.push(...(await runLoop(client, asking, inFlight, began + (options.seconds * 1000) / turns)))
      sum.seconds += (performance.now() - began) / 1000
      sum.cpu += (await process.cpu()) - cpu
    }
  }
  return sums.map(({ times, seconds, cpu }) => ({
    rate: times.length / seconds,
    cpu: cpu / times.length,
    latency: latencyOf(times),
  }))
}

/** Gives the time that each request took. */
async function runLoop(client: Client, asking: Asking, inFlight: number, until: number): Promise<readonly number[]> {
  const times: number[] = []
  const lane = async () => {
    while (performance.now() < until) {
      const ask = asking()
      if (ask === undefined) return
      const began = performance.now()
      const { status, body } = await client.send(ask)
      if (status !== ask.status || ask.check?.(body) === false) {
        throw new Error(`${ask.method} ${ask.path}: ${status} ${body.slice(0, 500)}`)
      }
      times.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return times
}
