import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export interface HttpObservation {
  /** The template of the route: never a path, which would make the labels endless. */
  readonly route: string
  readonly method: string
  readonly status: number
  readonly seconds: number
}

/** What the HTTP rooms count. Other rooms register their own metrics in `registry`. */
export interface Metrics {
  readonly registry: Registry
  requestBegan(): void
  requestEnded(observation: HttpObservation): void
  normalised(kinds: readonly string[]): void
  filterRejected(reason: string): void
  /** A verified login came to an end: created, updated, refused … */
  loginDecided(outcome: string): void
  /** A verified login was refused. */
  loginRefused(code: string): void
  /** Something that is no genuine login; it leaves no other trace. */
  loginNotGenuine(reason: string): void
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * Makes the metrics of one application. No label names an organization or a user.
 *
 * @param options `process`: whether memory, event loop and garbage collection are measured too
 */
export function createMetrics(options: { readonly process: boolean } = { process: true }): Metrics {
  const registry = new Registry()
  const registers = [registry]
  if (options.process) collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'scim_http_requests_total',
    help: 'Requests by route template, method and class of status.',
    labelNames: ['route', 'method', 'status'],
    registers,
  })
  const duration = new Histogram({
    name: 'scim_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['route', 'method'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const inFlight = new Gauge({ name: 'scim_inflight', help: 'Requests that are being answered.', registers })
  const normalised = new Counter({
    name: 'scim_normalised_total',
    help: 'Tolerances that a request needed, by name.',
    labelNames: ['kind'],
    registers,
  })
  const rejected = new Counter({
    name: 'scim_filter_rejected_total',
    help: 'Filters that were refused.',
    labelNames: ['reason'],
    registers,
  })
  const logins = new Counter({
    name: 'jit_logins_total',
    help: 'Verified logins by outcome.',
    labelNames: ['outcome'],
    registers,
  })
  const refused = new Counter({
    name: 'jit_refused_total',
    help: 'Verified logins that were refused, by code.',
    labelNames: ['code'],
    registers,
  })
  const notGenuine = new Counter({
    name: 'jit_token_invalid_total',
    help: 'Logins that are not genuine, by what is wrong with them.',
    labelNames: ['reason'],
    registers,
  })
  return {
    registry,
    requestBegan: () => inFlight.inc(),
    requestEnded({ route, method, status, seconds }) {
      const known = methods.has(method) ? method : 'other'
      inFlight.dec()
      requests.inc({ route, method: known, status: `${Math.floor(status / 100)}xx` })
      duration.observe({ route, method: known }, seconds)
    },
    normalised(kinds) {
      for (const kind of kinds) normalised.inc({ kind })
    },
    filterRejected: (reason) => rejected.inc({ reason }),
    loginDecided: (outcome) => logins.inc({ outcome }),
    loginRefused: (code) => refused.inc({ code }),
    loginNotGenuine: (reason) => notGenuine.inc({ reason }),
  }
}
