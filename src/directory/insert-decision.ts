/** Decisions of logins that change nothing: those that come at the same time are inserted by one call. */
import type { DecisionDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'

/** A decision, and the identity whose last login it is. */
export interface RecordedLogin {
  readonly decision: DecisionDocument
  readonly identity: string | null
}

/** @throws StoreConflict when the token was decided before */
export function insertDecision(
  environment: DirectoryEnvironment,
  decision: DecisionDocument,
  identity: string | null,
): Promise<void> {
  const { org } = decision
  return environment.records.run(org, { decision, identity }, (logins) => insertTogether(environment, org, logins))
}

async function insertTogether(
  { store }: DirectoryEnvironment,
  org: string,
  logins: readonly RecordedLogin[],
): Promise<readonly PromiseSettledResult<void>[]> {
  const decisions = logins.map(({ decision }) => decision)
  const used = logins.flatMap(({ identity, decision }) =>
    identity === null ? [] : [{ query: { _id: identity }, update: { $set: { lastLogin: decision.at } } }],
  )
  const [refused] = await Promise.all([
    store.decisions.insertEach(org, decisions),
    store.identities.bulkWrite(org, used),
  ])
  return decisions.map((_, index) => {
    const reason = refused.get(index)
    return reason === undefined ? { status: 'fulfilled', value: undefined } : { status: 'rejected', reason }
  })
}
