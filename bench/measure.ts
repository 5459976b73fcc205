/** A closed loop: a fixed number of requests under way, the next one sent when one is answered. */
import { Agent, request } from 'node:http'
import type { Measured } from './process.ts'

/** A request, with the status that a correct answer has. */
export interface Ask {
  readonly method: string
  readonly path: string
  readonly token?: string
  readonly body?: unknown
  readonly status: number
}

/** Gives the next request; undefined when nothing is left to ask. */
export type Asking = () => Ask | undefined

export interface Reading {
  readonly rate: number
  /** CPU time of the measured process for one operation, in milliseconds. */
  readonly cpu: number
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

/** How often the sides take turns, so that a neighbour's load falls on all of them. */
const turns = 3
/** Share of the time that is spent before, so that code is compiled and connections are open. */
const warmUp = 0.3

/** Measures several things in turns. Any answer that is not the expected one ends the run. */
export async function measureInTurns(
  sides: readonly { readonly process: Measured; readonly client: Client; readonly asking: Asking }[],
  options: { readonly seconds: number; readonly inFlight: number },
): Promise<readonly Reading[]> {
  const sums = sides.map(() => ({ done: 0, seconds: 0, cpu: 0 }))
  for (const { client, asking } of sides) {
    await runLoop(client, asking, options.inFlight, performance.now() + options.seconds * warmUp)
  }
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [index, { process, client, asking }] of sides.entries()) {
      const sum = sums[index]!
      const cpu = await process.cpu()
      const began = performance.now()
      sum.done += await runLoop(client, asking, options.inFlight, began + (options.seconds * 1000) / turns)
      sum.seconds += (performance.now() - began) / 1000
      sum.cpu += (await process.cpu()) - cpu
    }
  }
  return sums.map(({ done, seconds, cpu }) => ({ rate: done / seconds, cpu: cpu / done }))
}

async function runLoop(client: Client, asking: Asking, inFlight: number, until: number): Promise<number> {
  let done = 0
  const lane = async () => {
    while (performance.now() < until) {
      const ask = asking()
      if (ask === undefined) return
      const { status, body } = await client.send(ask)
      if (status !== ask.status) throw new Error(`${ask.method} ${ask.path}: ${status} ${body.slice(0, 500)}`)
      done += 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return done
}
