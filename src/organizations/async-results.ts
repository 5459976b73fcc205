/** Results of requests that were accepted before they were done (RFC 9967 section 2.5.1). Any process can give them. */
import type { OrganizationRef, Source } from '../context.ts'
import type { JsonObject } from '../schema/types.ts'
import type { OrganizationsEnvironment } from './environment.ts'

/** Milliseconds after which work is known to have ended with its process. */
const patience = 900_000
/** Milliseconds for which a result can be fetched. */
const lifetime = 86_400_000

export interface AcceptedRequest {
  readonly id: string
  readonly source: Source
  readonly method: string
}

export type AsyncResult =
  | { readonly state: 'pending' }
  /** The process ended before it could say how the work ended. */
  | { readonly state: 'unknown'; readonly method: string }
  | { readonly state: 'done'; readonly result: JsonObject }

/** Notes a request before anybody is told that it is accepted. */
export async function acceptAsync(
  { store }: Pick<OrganizationsEnvironment, 'store'>,
  { id: org }: OrganizationRef,
  { id, source, method }: AcceptedRequest,
  now: Date,
): Promise<void> {
  const until = new Date(now.getTime() + patience)
  const expiresAt = new Date(now.getTime() + lifetime)
  await store.asyncResults.insertOne(org, { _id: id, org, source, method, result: null, until, expiresAt })
}

/** Keeps the result of a request that was accepted. */
export async function finishAsync(
  { store }: Pick<OrganizationsEnvironment, 'store'>,
  { id: org }: OrganizationRef,
  id: string,
  result: JsonObject,
): Promise<void> {
  await store.asyncResults.updateOne(org, { _id: id }, { $set: { result: JSON.stringify(result) } })
}

/** What has become of a request of this caller; null for those of others, and for ones that were forgotten. */
export async function findAsync(
  { store }: Pick<OrganizationsEnvironment, 'store'>,
  { id: org }: OrganizationRef,
  id: string,
  source: Source,
  now: Date,
): Promise<AsyncResult | null> {
  const found = await store.asyncResults.findOne(org, { _id: id, source })
  if (found === null || found.expiresAt <= now) return null
  if (found.result !== null) return { state: 'done', result: JSON.parse(found.result) as JsonObject }
  return found.until > now ? { state: 'pending' } : { state: 'unknown', method: found.method }
}
