import { Router } from 'express'
import type { Figures, Metrics } from './metrics.ts'

/** Whether requests can be served. */
export interface Readiness {
  readonly ready: boolean
  /** What is missing, in words. */
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

export interface HealthParts {
  readonly check: () => Promise<Readiness>
  readonly isDraining: () => boolean
  readonly metrics: Metrics
  /** The figures of the other processes that share the port. */
  readonly othersFigures: () => Promise<readonly Figures[]>
  readonly version: Readonly<Record<string, string>>
}

const freshness = 2_000
const patience = 1_000

/**
 * `/livez` (the process answers), `/readyz` (the database answers and it is not draining), `/metrics` (Prometheus) and
 * `/version`. Liveness never asks the database: a restart would not cure that.
 */
export function createHealthRouter({ check, isDraining, metrics, othersFigures, version }: HealthParts): Router {
  const readiness = cached(check)
  const router = Router({ caseSensitive: true })
  router.get('/livez', (_request, response) => {
    response.json({ status: 'ok' })
  })
  router.get('/readyz', async (_request, response) => {
    const state = await readiness()
    const problems = isDraining() ? ['The process is shutting down.', ...state.problems] : state.problems
    const ready = state.ready && problems.length === 0
    response.status(ready ? 200 : 503).json({
      status: ready ? 'ready' : 'not ready',
      missing: problems,
      ...(state.warnings.length === 0 ? {} : { warnings: state.warnings }),
    })
  })
  router.get('/metrics', async (_request, response) => {
    const text = await metrics.text(await othersFigures())
    response.setHeader('Content-Type', metrics.contentType)
    response.end(text)
  })
  router.get('/version', (_request, response) => {
    response.json(version)
  })
  return router
}

/** Asks at most once in two seconds, however many probes there are, and does not wait longer than one. */
function cached(check: () => Promise<Readiness>): () => Promise<Readiness> {
  let latest: { readonly at: number; readonly answer: Promise<Readiness> } | undefined
  return () => {
    const now = performance.now()
    if (latest === undefined || now - latest.at >= freshness) latest = { at: now, answer: bounded(check) }
    return latest.answer
  }
}

async function bounded(check: () => Promise<Readiness>): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<Readiness>((resolve) => {
    const state = { ready: false, problems: ['The database does not answer in time.'], warnings: [] }
    timer = setTimeout(() => resolve(state), patience)
  })
  try {
    return await Promise.race([check(), tooLate])
  } catch {
    return { ready: false, problems: ['The database does not answer.'], warnings: [] }
  } finally {
    clearTimeout(timer)
  }
}
