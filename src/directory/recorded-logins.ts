/** The last login of each person of a connection, as far as its decision recorded it. */
import type { RequestContext } from '../context.ts'
import type { JsonObject } from '../schema/types.ts'
import type { DecisionDocument } from '../store/documents.ts'
import { claimsView } from './decision-record.ts'
import type { DirectoryEnvironment } from './environment.ts'

const projection = { connection: 1, subject: 1, claims: 1, issuedAt: 1, erasedAt: 1 } as const
type Recorded = Pick<DecisionDocument, 'connection' | 'subject' | 'claims' | 'issuedAt' | 'erasedAt'>

/**
 * The newest decision of each of the next people, in the order of their subjects. Each is one step in the index,
 * however many logins the person has had.
 */
export async function listLastLogins(
  { store }: DirectoryEnvironment,
  { organization }: RequestContext,
  { connection, after, limit }: { readonly connection: string; readonly after: string; readonly limit: number },
): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = []
  for (let subject = after; found.length < limit; ) {
    const decision = await store.decisions.findOne(
      organization.id,
      { connection, subject: { $gt: subject } },
      { sort: { subject: 1, _id: -1 }, projection },
    )
    if (decision?.subject == null) break
    subject = decision.subject
    found.push(recordedView(decision))
  }
  return found
}

/** The newest decision of one person; null when none is kept. */
export async function findLastLogin(
  { store }: DirectoryEnvironment,
  { organization }: RequestContext,
  { connection, subject }: { readonly connection: string; readonly subject: string },
): Promise<JsonObject | null> {
  const found = await store.decisions.findOne(
    organization.id,
    { connection, subject },
    { sort: { _id: -1 }, projection },
  )
  return found === null ? null : recordedView(found)
}

/** The next links of a connection in the order of their ids, each with the newest decision of its subject. */
export async function listLinkedLogins(
  environment: DirectoryEnvironment,
  context: RequestContext,
  { connection, after, limit }: { readonly connection: string; readonly after: string; readonly limit: number },
): Promise<readonly { readonly link: string; readonly recorded: JsonObject | null }[]> {
  const links = await environment.store.identities.find(
    context.organization.id,
    { connection, _id: { $gt: after } },
    { sort: { _id: 1 }, limit, projection: { subject: 1 } },
  )
  return Promise.all(
    links.map(async ({ _id: link, subject }) => ({
      link,
      recorded: await findLastLogin(environment, context, { connection, subject }),
    })),
  )
}

/** How many people have a recorded login at a connection, counted up to a limit. */
export async function countPeople(
  { store }: DirectoryEnvironment,
  { organization }: RequestContext,
  { connection, limit }: { readonly connection: string; readonly limit: number },
): Promise<number> {
  const [row] = await store.decisions.aggregate<{ people: number }>(
    organization.id,
    { connection, subject: { $gt: '' } },
    [{ $group: { _id: '$subject' } }, { $limit: limit }, { $count: 'people' }],
  )
  return row?.people ?? 0
}

function recordedView({ connection, subject, claims, issuedAt, erasedAt }: Recorded): JsonObject {
  const erased = erasedAt === undefined ? {} : { erased: true }
  return { connection, subject, claims: claimsView(claims), issuedAt: issuedAt.toISOString(), ...erased }
}
