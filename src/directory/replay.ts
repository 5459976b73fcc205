/** The same token again: the recorded answer of the first time, as long as the user may still sign in. */
import type { RequestContext } from '../context.ts'
import { type ErrorCode, UsherError } from '../errors.ts'
import { refusalByHolds } from '../provisioning/steps/lifecycle.ts'
import type { Decision } from '../provisioning/types.ts'
import type { DecisionDocument, UserDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'
import type { Arrival } from './types.ts'

/** @throws UsherError with the recorded refusal, or that of the user's present state, and the same decision */
export async function recordedAnswer(
  environment: DirectoryEnvironment,
  context: RequestContext,
  tokenKey: string | null,
): Promise<Arrival | null> {
  if (tokenKey === null) return null
  const org = context.organization.id
  const decision = await environment.store.decisions.findOne(org, { tokenKey })
  if (decision === null) return null
  const { refused, detail } = decision.answer
  if (typeof refused === 'string') throw refusal(decision, refused as ErrorCode, String(detail))
  if (decision.answer.user != null && decision.user !== null) {
    const user = await environment.store.users.findOne(org, { _id: decision.user })
    const code = refusalOf(user)
    if (code !== null) throw refusal(decision, code, 'The state of the user has changed since this login was decided.')
  }
  return {
    decision: recordedDecision(decision),
    decisionId: decision._id,
    reference: decision.reference,
    answer: decision.answer,
  }
}

/** Which state of a user refuses a login; null for one that admits it. */
function refusalOf(user: UserDocument | null): ErrorCode | null {
  return user === null ? 'user_deleted' : refusalByHolds(user.holds)
}

function refusal(decision: DecisionDocument, code: ErrorCode, detail: string): UsherError {
  return new UsherError(code, detail, { members: { decisionId: decision._id, reference: decision.reference } })
}

function recordedDecision(decision: DecisionDocument): Decision {
  return {
    outcome: decision.outcome as Decision['outcome'],
    code: decision.code as Decision['code'],
    subject: decision.subject,
    user: decision.user,
    steps: decision.steps as unknown as Decision['steps'],
    claims: Object.fromEntries(decision.claims.map(({ name, ...claim }) => [name, claim])),
    operations: decision.operations as unknown as Decision['operations'],
    changes: decision.changes as unknown as Decision['changes'],
    warnings: decision.warnings as unknown as Decision['warnings'],
    profile: null,
    effects: null,
  }
}
