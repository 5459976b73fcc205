/** The end of a login that changes nothing of the directory: its decision, and what it leaves in the inbox. */
import { UsherError } from '../errors.ts'
import type { Decision, UserState } from '../provisioning/types.ts'
import type { JsonObject } from '../schema/types.ts'
import { commit } from './commit.ts'
import { type DecisionName, decisionRecord } from './decision-record.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { reportLogin } from './inbox-reports.ts'
import { insertDecision } from './insert-decision.ts'
import type { SnapshotReading } from './snapshot.ts'
import type { Arrival, ArrivalInput } from './types.ts'
import type { Workspace } from './workspace.ts'

/** A login that was decided. */
export interface DecidedLogin {
  readonly input: ArrivalInput
  readonly decision: Decision
  readonly reading: SnapshotReading
  readonly name: DecisionName
}

/** Records the decision: with a single insert, unless an administrator has to hear of it or something is settled by it. */
export async function recordLogin(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  { input, decision, reading, name }: DecidedLogin,
  user: string | null,
  answer: JsonObject,
): Promise<Arrival> {
  const { context } = workspace
  const identity = identityAt(reading.snapshot.linked, input)
  reportLogin(workspace, input, decision, name, reading.inbox, { user, identity })
  const document = decisionRecord(context, input, decision, name, user, answer)
  if (workspace.isEmpty) await insertDecision(environment, document, null)
  else await commit(environment, workspace, { decision: document, identity: null, invitation: null })
  return { decision, decisionId: name.id, reference: name.reference, answer }
}

/** Records the refusal. @throws UsherError with its code, and `decisionId` and `reference` as members */
export async function refuseLogin(
  environment: DirectoryEnvironment,
  workspace: Workspace,
  login: DecidedLogin,
): Promise<never> {
  const { decision, name } = login
  const detail = decision.steps.at(-1)?.detail ?? 'The login is refused.'
  const code = decision.code ?? 'provisioning_failed'
  await recordLogin(environment, workspace, login, decision.user, { refused: code, detail })
  throw new UsherError(code, detail, { members: { decisionId: name.id, reference: name.reference } })
}

/** The user's link at the connection of the login. */
export function identityAt(user: UserState | null, { connection }: ArrivalInput): string | null {
  return user?.identities.find((identity) => identity.connection === connection.id)?.id ?? null
}
