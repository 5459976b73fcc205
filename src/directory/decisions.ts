/** Decisions to be read: newest first, by id or by the reference that the person was given. */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { JsonObject } from '../schema/types.ts'
import { decisionView } from './decision-record.ts'
import { type DirectoryEnvironment, isId } from './environment.ts'
import type { DecisionQuery } from './types.ts'

const referenceForm = /^[2-9A-Z]{4}-?[2-9A-Z]{4}$/

export async function listDecisions(
  environment: DirectoryEnvironment,
  context: RequestContext,
  query: DecisionQuery,
): Promise<{ readonly items: readonly JsonObject[]; readonly nextCursor: string | null }> {
  const found = await environment.store.decisions.find(
    context.organization.id,
    {
      expiresAt: { $gt: context.now },
      ...(query.connection === undefined ? {} : { connection: query.connection }),
      ...(query.user === undefined ? {} : { user: query.user }),
      ...(query.outcome === undefined ? {} : { outcome: query.outcome }),
      ...(query.code === undefined ? {} : { code: query.code }),
      ...(query.since === undefined ? {} : { at: { $gte: query.since } }),
      ...(query.cursor === undefined ? {} : { _id: { $lt: query.cursor } }),
    },
    { sort: { _id: -1 }, limit: query.limit + 1 },
  )
  const items = found.slice(0, query.limit)
  return {
    items: items.map(decisionView),
    nextCursor: found.length > query.limit ? items.at(-1)!._id : null,
  }
}

export async function readDecision(
  environment: DirectoryEnvironment,
  context: RequestContext,
  idOrReference: string,
): Promise<JsonObject> {
  const query = queryFor(idOrReference)
  const decision = query === null ? null : await environment.store.decisions.findOne(context.organization.id, query)
  // The database removes what has expired when it comes to it.
  if (decision === null || decision.expiresAt <= context.now)
    throw new UsherError('not_found', 'There is no such decision.')
  return decisionView(decision)
}

/** People read references out over the telephone: case and the dash do not matter. */
function queryFor(text: string): Readonly<Record<string, string>> | null {
  if (isId(text)) return { _id: text }
  const reference = text.toUpperCase()
  if (!referenceForm.test(reference)) return null
  const letters = reference.replace('-', '')
  return { reference: `${letters.slice(0, 4)}-${letters.slice(4)}` }
}
