/** The decision of a login for the present state of the directory: read, then decide. */
import type { RequestContext } from '../context.ts'
import { decide } from '../provisioning/decide.ts'
import { lookups } from '../provisioning/lookups.ts'
import type { Decision } from '../provisioning/types.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { groupsLosing, type RemovalReading, readRemovals } from './removal-windows.ts'
import { readDomains, readSnapshot, type SnapshotReading } from './snapshot.ts'
import type { ArrivalInput } from './types.ts'

export interface Evaluation {
  readonly decision: Decision
  readonly reading: SnapshotReading
}

/** Reads and decides; reads what was taken away lately only when the decision would take something. */
export async function evaluate(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
): Promise<Evaluation> {
  const domains = await readDomains(environment, context)
  const asked = lookups(input.connection, input.login, domains)
  const wanted = input.recorded === true ? { ...asked, email: null } : asked
  const reading = await readSnapshot(environment, context, input.connection, wanted, domains)
  const { connection, login } = input
  let removals: readonly RemovalReading[] = []
  for (;;) {
    const snapshot = { ...reading.snapshot, removals }
    const decision = decide({ type: environment.userType, connection, login, snapshot, now: context.now })
    // What is held in one group can make room for a removal in another.
    const uncounted = groupsLosing(decision.operations).filter((id) => !removals.some(({ group }) => group === id))
    if (uncounted.length === 0) return { decision, reading: { ...reading, removals } }
    removals = [...removals, ...(await readRemovals(environment, context, connection.id, uncounted))]
  }
}

/** Steps that decide by the settings and the claims alone. */
const unaffected: readonly string[] = ['connection', 'identity', 'claims']
const maxLooks = 5

/**
 * Decides a login so that a refusal can be relied on. A snapshot is read by several queries, and somebody else's commit
 * in between can make it look as if the person's own user were in the way. So a person without a link is refused only
 * when a second look comes to the same.
 */
export async function evaluateSteadily(
  environment: DirectoryEnvironment,
  context: RequestContext,
  input: ArrivalInput,
): Promise<Evaluation> {
  let evaluation = await evaluate(environment, context, input)
  for (let looks = 1; looks < maxLooks && mayBeTorn(evaluation); looks += 1) {
    const again = await evaluate(environment, context, input)
    if (again.decision.code === evaluation.decision.code) return again
    evaluation = again
  }
  return evaluation
}

function mayBeTorn({ decision, reading }: Evaluation): boolean {
  if (decision.outcome !== 'refused' || reading.snapshot.linked !== null) return false
  return !unaffected.includes(decision.steps.at(-1)?.step ?? '')
}
