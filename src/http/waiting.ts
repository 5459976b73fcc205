import { Router } from 'express'
import { UsherError } from '../errors.ts'
import type { Logger } from './log.ts'
import { createMetrics } from './metrics.ts'
import { createHttpApp } from './server.ts'
import { createDraining } from './shutdown.ts'

/**
 * What answers as long as the database has not answered for the first time: the process lives, is not ready, and refuses
 * everything else with 503 in the form of the path.
 */
export function createWaitingApp(log: Logger, version: Readonly<Record<string, string>>) {
  const refusing = Router()
  refusing.use(() => {
    throw new UsherError('unavailable', 'The database has not answered yet. Try again shortly.', { retryAfter: 5 })
  })
  return createHttpApp({
    log,
    metrics: createMetrics(),
    draining: createDraining(),
    health: async () => ({ ready: false, problems: ['the database does not answer'], warnings: [] }),
    version,
    scim: refusing,
    admin: refusing,
    login: refusing,
    oauth: refusing,
    start: refusing,
  })
}
