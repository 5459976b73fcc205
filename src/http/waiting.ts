import { Router } from 'express'
import { UsherError } from '../errors.ts'
import type { Logger } from './log.ts'
import { createMetrics } from './metrics.ts'
import { createHttpApp } from './server.ts'
import { createDraining } from './shutdown.ts'

/** Why nobody is served yet. */
export interface WaitingFor {
  /** What `/readyz` says is missing. */
  readonly missing: readonly string[]
  /** What whoever asks for something is told. */
  readonly detail: string
}

/**
 * What answers until the database has answered for the first time and holds what this release needs: the process lives,
 * is not ready, and refuses everything else with 503 in the form of the path.
 */
export function createWaitingApp(log: Logger, version: Readonly<Record<string, string>>, waitingFor: () => WaitingFor) {
  const refusing = Router()
  refusing.use(() => {
    throw new UsherError('unavailable', waitingFor().detail, { retryAfter: 5 })
  })
  return createHttpApp({
    log,
    metrics: createMetrics(),
    draining: createDraining(),
    health: async () => ({ ready: false, problems: waitingFor().missing, warnings: [] }),
    version,
    scim: refusing,
    admin: refusing,
    login: refusing,
    oauth: refusing,
    start: refusing,
  })
}
