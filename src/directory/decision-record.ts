/** Decisions as they are stored and as they are shown. */
import { type RequestContext, retentionOf } from '../context.ts'
import type { Decision } from '../provisioning/types.ts'
import type { JsonObject, JsonValue } from '../schema/types.ts'
import type { DecisionDocument } from '../store/documents.ts'
import type { ArrivalInput } from './types.ts'

export interface DecisionName {
  readonly id: string
  readonly reference: string
}

export function decisionRecord(
  context: RequestContext,
  input: ArrivalInput,
  decision: Decision,
  name: DecisionName,
  user: string | null,
  answer: JsonObject,
): DecisionDocument {
  return {
    _id: name.id,
    org: context.organization.id,
    reference: name.reference,
    at: context.now,
    connection: input.connection.id,
    configVersion: input.connection.settingsVersion,
    outcome: decision.outcome,
    code: decision.code,
    subject: decision.subject,
    user,
    steps: decision.steps as unknown as readonly JsonObject[],
    claims: Object.entries(decision.claims).map(([claim, { type, value }]) => ({
      name: claim,
      type,
      ...(value === undefined ? {} : { value }),
    })),
    operations: decision.operations as unknown as readonly JsonObject[],
    changes: decision.changes as unknown as readonly JsonObject[],
    warnings: decision.warnings as unknown as readonly JsonObject[],
    heldRemovals: decision.effects?.heldRemovals ?? [],
    answer,
    ...(input.tokenKey === null ? {} : { tokenKey: input.tokenKey }),
    issuedAt: input.login.issuedAt,
    expiresAt: new Date(context.now.getTime() + retentionOf(context.organization).decisionDays * 86_400_000),
  }
}

export function decisionView(decision: DecisionDocument): JsonObject {
  return {
    id: decision._id,
    reference: decision.reference,
    at: decision.at.toISOString(),
    issuedAt: decision.issuedAt.toISOString(),
    connection: decision.connection,
    configVersion: decision.configVersion,
    outcome: decision.outcome,
    code: decision.code,
    subject: decision.subject,
    user: decision.user,
    steps: decision.steps,
    claims: claimsView(decision.claims),
    operations: decision.operations,
    changes: decision.changes,
    warnings: decision.warnings,
    ...(decision.erasedAt === undefined ? {} : { erasedAt: decision.erasedAt.toISOString() }),
  }
}

/** Claims by name. Names are a stranger's: no prototype may be in reach. */
export function claimsView(claims: DecisionDocument['claims']): JsonObject {
  const view: Record<string, JsonValue> = Object.create(null)
  for (const { name, ...claim } of claims) view[name] = claim
  return view
}
