import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client'
import { type DatabaseMetrics, databaseMetrics } from './database-metrics.ts'
import { type LoginMetrics, loginMetrics } from './login-metrics.ts'
import { type RequestMetrics, requestMetrics } from './request-metrics.ts'

/** The figures of one process as they travel to another one. */
export type Figures = object[]

/** What is counted. No label names an organization or a user. */
export interface Metrics extends RequestMetrics, LoginMetrics, DatabaseMetrics {
  readonly contentType: string
  /** Of this process. */
  figures(): Promise<Figures>
  /** In the form of Prometheus: of this process, together with those whose figures are given. */
  text(others: readonly Figures[]): Promise<string>
}

/**
 * Makes the metrics of one application.
 *
 * @param options `process`: whether memory, event loop and garbage collection are measured too
 */
export function createMetrics(options: { readonly process: boolean } = { process: true }): Metrics {
  const registry = new Registry()
  if (options.process) collectDefaultMetrics({ register: registry })
  return {
    contentType: registry.contentType,
    figures: () => registry.getMetricsAsJSON(),
    async text(others) {
      if (others.length === 0) return registry.metrics()
      return AggregatorRegistry.aggregate([await registry.getMetricsAsJSON(), ...others]).metrics()
    },
    ...requestMetrics(registry),
    ...loginMetrics(registry),
    ...databaseMetrics(registry),
  }
}
