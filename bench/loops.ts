/** Requests of several kinds, in a closed loop and in an open one. No answer ends the run: each is counted. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Ask, Client } from './measure.ts'

export interface Errand {
  readonly kind: string
  readonly ask: Ask
}

/** Gives the next errand; undefined when nothing is left to ask. */
export type Errands = () => Errand | undefined

export interface Outcome {
  readonly kind: string
  /** Milliseconds from the time that it was meant to be sent. */
  readonly took: number
  /** Milliseconds after that time at which it was sent. */
  readonly late: number
  /** Null when the answer was the right one, else its status, or why there was none. */
  readonly error: string | null
}

/** As many requests under way as given, the next one sent when one is answered. */
export async function closedLoop(
  client: Client,
  errands: Errands,
  options: { readonly inFlight: number; readonly seconds: number },
): Promise<readonly Outcome[]> {
  const until = performance.now() + options.seconds * 1_000
  const outcomes: Outcome[] = []
  const lane = async () => {
    while (performance.now() < until) {
      const errand = errands()
      if (errand === undefined) return
      outcomes.push(await run(client, errand, performance.now()))
    }
  }
  await Promise.all(Array.from({ length: options.inFlight }, lane))
  return outcomes
}

/**
 * Each request at its planned time, whether or not earlier ones have been answered. A server that stands still delays
 * the answers of all that were planned meanwhile, and every one of them counts; in a closed loop they are never sent.
 *
 * @param options `rate`: requests a second, at even distances
 */
export async function openLoop(
  client: Client,
  errands: Errands,
  options: { readonly rate: number; readonly seconds: number },
): Promise<readonly Outcome[]> {
  const began = performance.now()
  const underWay: Promise<Outcome>[] = []
  for (let index = 0; index < options.rate * options.seconds; index += 1) {
    const planned = began + (index * 1_000) / options.rate
    const early = planned - performance.now()
    // Timers count whole milliseconds, and nothing is sent before its time.
    if (early > 0) await delay(Math.ceil(early))
    const errand = errands()
    if (errand === undefined) break
    underWay.push(run(client, errand, planned))
  }
  return Promise.all(underWay)
}

async function run(client: Client, { kind, ask }: Errand, planned: number): Promise<Outcome> {
  const late = performance.now() - planned
  const error = await client.send(ask).then(
    ({ status, body }) => errorIn(ask, status, body),
    (error: Error) => ('code' in error ? String(error.code) : error.message),
  )
  return { kind, took: performance.now() - planned, late, error }
}

function errorIn(ask: Ask, status: number, body: string): string | null {
  if (status !== ask.status) return String(status)
  return ask.check?.(body) === false ? `${status} with another body` : null
}
