import { Histogram, type Registry } from 'prom-client'
import { countersOf } from './counters.ts'

/** What is counted of logins and of the identity providers behind them. */
export interface LoginMetrics {
  /** A verified login came to an end: created, updated, refused … */
  loginDecided(outcome: string): void
  /** A verified login was refused. */
  loginRefused(code: string): void
  /** Something that is no genuine login; it leaves no other trace. */
  loginNotGenuine(reason: string): void
  /** A part of a login, or the whole of it, took so long. */
  loginTook(step: 'decide' | 'write' | 'whole', seconds: number): void
  /** Another writer was faster, and the login was decided again. */
  loginLostRace(): void
  providerAnswered(endpoint: string, outcome: string): void
  keysRead(): void
}

/** Registers the metrics of logins. */
export function loginMetrics(registry: Registry): LoginMetrics {
  const counter = countersOf(registry)
  const duration = new Histogram({
    name: 'jit_duration_seconds',
    help: 'How long verified logins took: to decide, to write, and as a whole.',
    labelNames: ['step'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  return {
    loginDecided: counter('jit_logins_total', 'Verified logins by outcome.', 'outcome'),
    loginRefused: counter('jit_refused_total', 'Verified logins that were refused, by code.', 'code'),
    loginNotGenuine: counter(
      'jit_token_invalid_total',
      'Logins that are not genuine, by what is wrong with them.',
      'reason',
    ),
    loginTook: (step, seconds) => duration.observe({ step }, seconds),
    loginLostRace: counter(
      'jit_race_lost_total',
      'Times that a login was decided again because another writer was faster.',
    ),
    providerAnswered: counter(
      'idp_requests_total',
      'Requests to identity providers, by endpoint and how they ended.',
      'endpoint',
      'outcome',
    ),
    keysRead: counter('jwks_refresh_total', 'Reads of the keys of an issuer.'),
  }
}
