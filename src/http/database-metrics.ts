import { Gauge, Histogram, type Registry } from 'prom-client'
import { countersOf } from './counters.ts'

/** Connections to the database at one moment. */
export interface PoolState {
  readonly checkedOut: number
  /** Callers that wait for a connection. */
  readonly waiting: number
}

/** How far the change feed is behind. */
export interface FeedBacklog {
  /** Changes without a number; counted up to a limit. */
  readonly unnumbered: number
  /** Seconds since the oldest of them. */
  readonly lag: number
}

/** What is counted of the database. */
export interface DatabaseMetrics {
  commandEnded(command: string, seconds: number): void
  transactionRetried(reason: string): void
  /** Says where a scrape finds the state of the pool. */
  watchPool(read: () => PoolState): void
  /** Says where a scrape finds the state of the feed. A failure leaves the figures out. */
  watchFeed(read: () => Promise<FeedBacklog>): void
}

/** Registers the metrics of the database. */
export function databaseMetrics(registry: Registry): DatabaseMetrics {
  const counter = countersOf(registry)
  const commands = new Histogram({
    name: 'mongo_command_duration_seconds',
    help: 'How long calls to the database took, failed ones included.',
    labelNames: ['command'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  })
  return {
    commandEnded: (command, seconds) => commands.observe({ command }, seconds),
    transactionRetried: counter(
      'transaction_retries_total',
      'Changes that were planned or committed again, by what got in the way.',
      'reason',
    ),
    watchPool: (read) => watchPool(registry, read),
    watchFeed: (read) => watchFeed(registry, read),
  }
}

function watchPool(registry: Registry, read: () => PoolState): void {
  const registers = [registry]
  new Gauge({
    name: 'mongo_pool_checked_out',
    help: 'Connections to the database that are in use.',
    registers,
    collect() {
      this.set(read().checkedOut)
    },
  })
  new Gauge({
    name: 'mongo_pool_wait_queue',
    help: 'Callers that wait for a connection to the database.',
    registers,
    collect() {
      this.set(read().waiting)
    },
  })
}

/** All processes see the same feed: of several figures the largest is shown, not their sum. */
function watchFeed(registry: Registry, read: () => Promise<FeedBacklog>): void {
  const shared = { registers: [registry], aggregator: 'max' as const }
  const latest = remembered(read)
  const show = async (gauge: Gauge, figure: keyof FeedBacklog) => {
    const backlog = await latest()
    if (backlog === null) gauge.remove()
    else gauge.set(backlog[figure])
  }
  new Gauge({
    ...shared,
    name: 'feed_unnumbered',
    help: 'Changes that the feed does not show yet; 10000 stands for that many or more.',
    collect() {
      return show(this, 'unnumbered')
    },
  })
  new Gauge({
    ...shared,
    name: 'feed_lag_seconds',
    help: 'Age of the oldest change that the feed does not show yet.',
    collect() {
      return show(this, 'lag')
    },
  })
}

/** Milliseconds for which a figure is good enough, and for which a scrape waits for it. */
const freshness = 5_000
const patience = 1_000

/** Asks once in a while, however many scrapes there are; null when there is no answer in time. */
function remembered<T>(read: () => Promise<T>): () => Promise<T | null> {
  let known: { readonly at: number; readonly value: Promise<T | null> } | null = null
  return async () => {
    const now = performance.now()
    if (known === null || now - known.at > freshness) known = { at: now, value: read().catch(() => null) }
    const { promise: tooLate, resolve } = Promise.withResolvers<null>()
    const timer = setTimeout(() => resolve(null), patience)
    try {
      return await Promise.race([known.value, tooLate])
    } finally {
      clearTimeout(timer)
    }
  }
}
