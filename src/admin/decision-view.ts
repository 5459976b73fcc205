import type { Decision } from '../provisioning/types.ts'

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
export function simulationView(decision: Decision, facts: SimulationFacts) {
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
