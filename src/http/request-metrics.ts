import { Gauge, Histogram, type Registry } from 'prom-client'
import { countersOf } from './counters.ts'

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
  const counter = countersOf(registry)
  const requests = counter(
    'scim_http_requests_total',
    'Requests by route template, method and class of status.',
    'route',
    'method',
    'status',
  )
  const limited = counter('scim_rate_limited_total', 'Requests that were refused with 429, by route template.', 'route')
  const normalised = counter('scim_normalised_total', 'Tolerances that a request needed, by name.', 'kind')
  const duration = new Histogram({
    name: 'scim_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['route', 'method'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const inFlight = new Gauge({ name: 'scim_inflight', help: 'Requests that are being answered.', registers })
  return {
    requestBegan: () => inFlight.inc(),
    requestEnded({ route, method, status, seconds }) {
      const known = methods.has(method) ? method : 'other'
      inFlight.dec()
      requests(route, known, `${Math.floor(status / 100)}xx`)
      if (status === 429) limited(route)
      duration.observe({ route, method: known }, seconds)
    },
    normalised(kinds) {
      for (const kind of kinds) normalised(kind)
    },
    filterRejected: counter('scim_filter_rejected_total', 'Filters that were refused.', 'reason'),
    patchAsked: counter(
      'scim_patch_ops_total',
      'Operations of PATCH requests that clients asked for, by verb and resource type.',
      'op',
      'resource',
    ),
  }
}
