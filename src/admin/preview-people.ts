/** What a draft of the settings would do to the people of a connection, taken together. */
import type { RequestContext } from '../context.ts'
import { loginContext } from '../login/environment.ts'
import type { Connection } from '../organizations/types.ts'
import type { ConnectionState, Decision, RoleState } from '../provisioning/types.ts'
import type { JsonObject } from '../schema/types.ts'
import { type SimulationFacts, showSimulation } from './decision-view.ts'
import type { JobDependencies } from './dependencies.ts'
import { countLosses, type Losses } from './losses.ts'
import { recordedLogin } from './recorded-login.ts'

/** People of a batch, and how many of them are decided at once. */
const batch = 100
const atOnce = 4
const sampleLimit = 10

/** A report as it grows; it can be written down between two batches. */
export interface PeopleReport extends Losses {
  readonly users: number
  readonly changed: number
  readonly created: number
  readonly refused: number
  readonly samples: readonly JsonObject[]
}

export const emptyReport: PeopleReport = {
  users: 0,
  changed: 0,
  created: 0,
  refused: 0,
  losingRoles: 0,
  losingGroups: 0,
  privilegedLosses: 0,
  samples: [],
}

/** A decision on a recorded login. */
export interface Decided {
  readonly decision: Decision
  /** Claims of the login whose values were not recorded. */
  readonly unknownClaims: readonly string[]
}

export function changesUser({ operations }: Decision): boolean {
  return operations.length > 0
}

/** The report with more people in it. */
export function addPeople(
  report: PeopleReport,
  decided: readonly Decided[],
  roles: readonly RoleState[],
  facts: Omit<SimulationFacts, 'unknownClaims'>,
): PeopleReport {
  const decisions = decided.map(({ decision }) => decision)
  const losses = countLosses(decisions, roles)
  const count = (holds: (decision: Decision) => boolean) => decisions.filter(holds).length
  const worthShowing = decided.filter(({ decision }) => changesUser(decision) || decision.outcome === 'refused')
  const samples = worthShowing
    .slice(0, sampleLimit - report.samples.length)
    .map(({ decision, unknownClaims }) => showSimulation(decision, { ...facts, unknownClaims }))
  return {
    users: report.users + decisions.length,
    changed: report.changed + count((each) => each.outcome !== 'created' && changesUser(each)),
    created: report.created + count(({ outcome }) => outcome === 'created'),
    refused: report.refused + count(({ code }) => code !== null),
    losingRoles: report.losingRoles + losses.losingRoles,
    losingGroups: report.losingGroups + losses.losingGroups,
    privilegedLosses: report.privilegedLosses + losses.privilegedLosses,
    samples: [...report.samples, ...(samples as unknown as readonly JsonObject[])],
  }
}

/** Runs something for all items, a few at once, and gives the results in their order. */
export async function fewAtOnce<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (let begin = 0; begin < items.length; begin += atOnce) {
    results.push(...(await Promise.all(items.slice(begin, begin + atOnce).map(work))))
  }
  return results
}

/** Decides the last logins of the next people. `after` is null when nobody is left. */
export async function previewBatch(
  { directory, environment }: Pick<JobDependencies, 'directory' | 'environment'>,
  context: RequestContext,
  connection: Connection,
  state: ConnectionState,
  report: PeopleReport,
  after: string,
  roles: readonly RoleState[],
): Promise<{ readonly report: PeopleReport; readonly after: string | null }> {
  const recorded = await directory.lastLogins(context, { connection: connection.id, after, limit: batch })
  const acting = loginContext(environment, context.organization, connection.id, context)
  // Of people whose users were deleted nothing is known any more that could be decided.
  const known = recorded.filter(({ erased }) => erased !== true)
  const decided = await fewAtOnce(known, async (last) => {
    const { login, unknownClaims } = recordedLogin(connection, last)
    const decision = await directory.simulate(acting, { connection: state, login, tokenKey: null })
    return { decision, unknownClaims }
  })
  const facts = { connection: connection.id, configVersion: state.settingsVersion, at: context.now }
  return {
    report: addPeople(report, decided, roles, facts),
    after: recorded.length < batch ? null : String(recorded.at(-1)?.subject),
  }
}
