import { z } from 'zod'
import type { Decision } from '../provisioning/types.ts'
import { id, time, warning } from './views.ts'

export const decisionView = z.looseObject({
  id: id.nullable(),
  reference: z.string().nullable(),
  at: time,
  connection: z.string(),
  configVersion: z.int(),
  outcome: z.string(),
  code: z.string().nullable().optional(),
  subject: z.string().nullable(),
  user: z.string().nullable(),
  steps: z.array(z.object({ step: z.string(), result: z.string(), code: z.string().optional(), detail: z.string() })),
  claims: z.record(z.string(), z.object({ type: z.string(), value: z.unknown().optional() })),
  operations: z.array(z.record(z.string(), z.unknown())),
  changes: z.array(z.record(z.string(), z.unknown())),
  warnings: z.array(warning),
})

export const simulationView = decisionView.extend({
  simulated: z.literal(true),
  unknownClaims: z.array(z.string()),
})

/** What a simulated decision is about, beside the decision itself. */
export interface SimulationFacts {
  readonly connection: string
  readonly configVersion: number
  readonly at: Date
  /** Claims of a recorded login whose values were not recorded. */
  readonly unknownClaims: readonly string[]
}

/**
 * A simulated decision in the form of a recorded one: without id and reference, since nothing was recorded. What a
 * decision means beyond its operations is the directory's business and stays inside.
 */
export function showSimulation(decision: Decision, facts: SimulationFacts) {
  const { outcome, code, subject, user, steps, claims, operations, changes, warnings, profile } = decision
  return {
    id: null,
    reference: null,
    simulated: true,
    at: facts.at.toISOString(),
    connection: facts.connection,
    configVersion: facts.configVersion,
    outcome,
    code,
    subject,
    user,
    steps,
    claims,
    operations,
    changes,
    warnings,
    ...(profile === null ? {} : { profile }),
    unknownClaims: facts.unknownClaims,
  }
}
