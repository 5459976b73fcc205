import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export interface HttpObservation {
  /** The template of the route: never a path, which would make the labels endless. */
  readonly route: string
  readonly method: string
  readonly status: number
  readonly seconds: number
}

/** What is counted of requests. */
export interface RequestMetrics {
  requestBegan(): void
  requestEnded(observation: HttpObservation): void
  normalised(kinds: readonly string[]): void
  filterRejected(reason: string): void
  /** A client asked for an operation of a PATCH; `resource` is the name of a resource type. */
  patchAsked(op: 'add' | 'remove' | 'replace', resource: string): void
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Registers the metrics of requests. */
export function requestMetrics(registry: Registry): RequestMetrics {
  const registers = [registry]
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
  const limited = new Counter({
    name: 'scim_rate_limited_total',
    help: 'Requests that were refused with 429, by route template.',
    labelNames: ['route'],
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
  const patchOps = new Counter({
    name: 'scim_patch_ops_total',
    help: 'Operations of PATCH requests that clients asked for, by verb and resource type.',
    labelNames: ['op', 'resource'],
    registers,
  })
  return {
    requestBegan: () => inFlight.inc(),
    requestEnded({ route, method, status, seconds }) {
      const known = methods.has(method) ? method : 'other'
      inFlight.dec()
      requests.inc({ route, method: known, status: `${Math.floor(status / 100)}xx` })
      if (status === 429) limited.inc({ route })
      duration.observe({ route, method: known }, seconds)
    },
    normalised(kinds) {
      for (const kind of kinds) normalised.inc({ kind })
    },
    filterRejected: (reason) => rejected.inc({ reason }),
    patchAsked: (op, resource) => patchOps.inc({ op, resource }),
  }
}
