/** Whom a relink is about, and what their subject is at the other connection. Reads users, writes rows of the job. */
import type { RequestContext } from '../context.ts'
import { readText } from '../provisioning/claims.ts'
import { equalIgnoringAsciiCase, fold } from '../schema/fold.ts'
import type { JsonObject } from '../schema/types.ts'
import type { IdentityDocument, RelinkRowDocument, UserDocument } from '../store/documents.ts'
import { StoreConflict } from '../store/store.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { asciiKey } from './keys.ts'
import { findLastLogin } from './recorded-logins.ts'
import type { RelinkOrder, RelinkPair } from './relink-order.ts'
import { readDomains, type SnapshotDomains } from './snapshot.ts'
import { emailsOf } from './tombstones.ts'

/** Days that the rows of a relink are kept. */
const retention = 30
const maxSubjectLength = 255

/** What a person is called at the other connection; `shared` when somebody else might be meant just as well. */
type Derived = { readonly subject: string } | 'missing' | 'shared'

/** Plans the next people; gives where to go on, null behind the last one. */
export async function planRelink(
  environment: DirectoryEnvironment,
  context: RequestContext,
  order: RelinkOrder,
  after: string,
  limit: number,
): Promise<string | null> {
  if ('pairs' in order.by) return planPairs(environment, context, order, order.by.pairs, Number(after), limit)
  const links = await environment.store.identities.find(
    context.organization.id,
    { connection: order.from, _id: { $gt: after } },
    { sort: { _id: 1 }, limit },
  )
  const domains = await readDomains(environment, context)
  for (const link of links) {
    const derived = await derive(environment, context, order, domains, link)
    await insertRow(environment, rowOf(context, order, link._id, link, derived))
  }
  return links.length < limit ? null : links.at(-1)!._id
}

async function planPairs(
  environment: DirectoryEnvironment,
  context: RequestContext,
  order: RelinkOrder,
  pairs: readonly RelinkPair[],
  from: number,
  limit: number,
): Promise<string | null> {
  const { identities } = environment.store
  for (const [index, pair] of pairs.slice(from, from + limit).entries()) {
    const whom = 'user' in pair ? { user: pair.user } : { subject: pair.oldSubject }
    const link = await identities.findOne(context.organization.id, { connection: order.from, ...whom })
    const place = String(from + index).padStart(6, '0')
    await insertRow(environment, rowOf(context, order, place, link, { subject: pair.newSubject }))
  }
  return from + limit >= pairs.length ? null : String(from + limit)
}

async function derive(
  environment: DirectoryEnvironment,
  context: RequestContext,
  { by, to }: RelinkOrder,
  domains: SnapshotDomains,
  link: IdentityDocument,
): Promise<Derived> {
  if ('claim' in by) {
    const recorded = await findLastLogin(environment, context, link)
    const subject = recorded === null ? undefined : readText(valuesOf(recorded), by.claim)
    return subject === undefined ? 'missing' : { subject }
  }
  if (!('attribute' in by)) return 'missing'
  if (by.attribute === 'subject') return { subject: link.subject }
  const org = context.organization.id
  const user = await environment.store.users.findOne(org, { _id: link.user })
  const values = user === null ? [] : by.attribute === 'email' ? provenEmails(user, domains) : externalIds(user, to)
  const [subject] = values
  if (subject === undefined) return 'missing'
  if (values.length > 1) return 'shared'
  const clients = to.scimClients.map((id) => `scim:${id}`)
  const same =
    by.attribute === 'email'
      ? { 'search.emails.value': fold(subject) }
      : { externalIds: { $elemMatch: { value: subject, client: { $in: clients } } } }
  const found = await environment.store.users.find(org, same, { projection: { _id: 1 }, limit: 2 })
  return found.length > 1 ? 'shared' : { subject }
}

function valuesOf({ claims }: JsonObject): Readonly<Record<string, unknown>> {
  const entries = Object.entries((claims ?? {}) as Readonly<Record<string, { readonly value?: unknown }>>)
  return Object.fromEntries(entries.map(([name, { value }]) => [name, value]))
}

/** The externalIds that the SCIM clients of the other connection know the user by. */
function externalIds(user: UserDocument, { scimClients }: RelinkOrder['to']): readonly string[] {
  const own = user.externalIds.filter(({ client }) => scimClients.some((id) => client === `scim:${id}`))
  return [...new Set(own.map(({ value }) => value))]
}

/**
 * Addresses at verified domains of which somebody else than the person says that they are theirs: a login that proved
 * them, a SCIM client or an administrator. The work address alone where there are several.
 */
function provenEmails(user: UserDocument, domains: SnapshotDomains): readonly string[] {
  const verified = new Set(domains.filter(({ status }) => status === 'verified').map(({ domain }) => domain))
  const writers = user.sources.filter(({ path }) => path === 'emails' || path.startsWith('emails['))
  const vouched = writers.length > 0 && writers.every(({ source }) => /^(?:scim|admin):/.test(source))
  const proven = emailsOf(user).filter(
    (email) =>
      verified.has(asciiKey(email.slice(email.lastIndexOf('@') + 1))) &&
      (vouched || user.provenEmails.some((known) => equalIgnoringAsciiCase(known, email))),
  )
  if (proven.length < 2) return proven
  const elements = user.resource.emails as readonly JsonObject[]
  const work = elements.filter(({ type, value }) => type === 'work' && proven.includes(String(value)))
  return work.length === 1 ? [String(work[0]!.value)] : proven
}

function rowOf(
  { organization, now }: RequestContext,
  { job }: RelinkOrder,
  place: string,
  link: IdentityDocument | null,
  derived: Derived,
): RelinkRowDocument {
  const subject = typeof derived === 'string' || derived.subject.length > maxSubjectLength ? null : derived.subject
  const missing = link === null || (derived !== 'shared' && subject === null)
  return {
    _id: `${job}|${place}`,
    org: organization.id,
    job,
    link: link?._id ?? null,
    user: link?.user ?? null,
    subject: link?.subject ?? null,
    newSubject: subject,
    verdict: missing ? 'missing' : derived === 'shared' ? 'ambiguous' : null,
    expiresAt: new Date(now.getTime() + retention * 86_400_000),
  }
}

/** A row that is there already was written by a step that was cut off. */
async function insertRow({ store }: DirectoryEnvironment, row: RelinkRowDocument): Promise<void> {
  try {
    await store.relinkRows.insertOne(row.org, row)
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error
  }
}
