import { Counter, Histogram, type Registry } from 'prom-client'

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
  const registers = [registry]
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
  const duration = new Histogram({
    name: 'jit_duration_seconds',
    help: 'How long verified logins took: to decide, to write, and as a whole.',
    labelNames: ['step'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const lost = new Counter({
    name: 'jit_race_lost_total',
    help: 'Times that a login was decided again because another writer was faster.',
    registers,
  })
  const requests = new Counter({
    name: 'idp_requests_total',
    help: 'Requests to identity providers, by endpoint and how they ended.',
    labelNames: ['endpoint', 'outcome'],
    registers,
  })
  const keys = new Counter({ name: 'jwks_refresh_total', help: 'Reads of the keys of an issuer.', registers })
  return {
    loginDecided: (outcome) => logins.inc({ outcome }),
    loginRefused: (code) => refused.inc({ code }),
    loginNotGenuine: (reason) => notGenuine.inc({ reason }),
    loginTook: (step, seconds) => duration.observe({ step }, seconds),
    loginLostRace: () => lost.inc(),
    providerAnswered: (endpoint, outcome) => requests.inc({ endpoint, outcome }),
    keysRead: () => keys.inc(),
  }
}
