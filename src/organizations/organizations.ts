import type { OrganizationRef } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { OrganizationDocument } from '../store/documents.ts'
import type { Session, Store } from '../store/store.ts'
import { type CarePatch, careView, patchCare } from './care-settings.ts'
import { newId, type OrganizationContext, type OrganizationsEnvironment } from './environment.ts'
import { readCursor, toListing } from './paging.ts'
import { invalidMember, notFound, whenTaken } from './refusals.ts'
import { checkReturnUrls } from './return-urls.ts'
import { checkSlug } from './slugs.ts'
import type { Listing, OrganizationView, PageRequest } from './types.ts'

export interface OrganizationInput {
  readonly slug: string
  readonly displayName?: string | undefined
  readonly defaultRole?: string | null | undefined
  readonly seatLimit?: number | null | undefined
  readonly returnUrls?: readonly string[] | undefined
}

/** A merge patch: null puts a default back. */
export interface OrganizationPatch {
  readonly slug?: string | undefined
  readonly displayName?: string | null | undefined
  readonly defaultRole?: string | null | undefined
  readonly seatLimit?: number | null | undefined
  readonly returnUrls?: readonly string[] | null | undefined
  readonly staleUsers?: CarePatch['staleUsers']
  readonly retention?: CarePatch['retention']
}

/** @throws UsherError `validation_failed`, `already_exists` */
export async function createOrganization(
  { store }: OrganizationsEnvironment,
  now: Date,
  input: OrganizationInput,
): Promise<OrganizationView> {
  checkSlug(input.slug)
  checkReturnUrls(input.returnUrls ?? [])
  if (input.defaultRole) throw unknownRole(input.defaultRole)
  const document: OrganizationDocument = {
    _id: newId(now),
    slug: input.slug,
    displayName: input.displayName ?? input.slug,
    defaultRole: null,
    seatLimit: input.seatLimit ?? null,
    returnUrls: input.returnUrls ?? [],
    version: 1,
    created: now,
  }
  await whenTaken(
    () => store.organizations.insertOne(document),
    () => new UsherError('already_exists', `The slug "${input.slug}" is taken.`),
  )
  if (document.seatLimit !== null) await countSeats(store, document._id)
  return showOrganization(document)
}

/** The organization of a slug; null for those that do not exist. */
export async function organizationBySlug(
  { store }: Pick<OrganizationsEnvironment, 'store'>,
  slug: string,
): Promise<(OrganizationRef & { readonly returnUrls: readonly string[] }) | null> {
  const [found] = await store.organizations.remembered({ slug })
  if (found === undefined) return null
  return { ...organizationRef(found), returnUrls: found.returnUrls }
}

/** What the other rooms need to know of a stored organization. */
export function organizationRef(document: OrganizationDocument): OrganizationRef {
  const { _id: id, slug, displayName, defaultRole, seatLimit, retention } = document
  return { id, slug, displayName, defaultRole, seatLimit, ...(retention === undefined ? {} : { retention }) }
}

export async function getOrganization(
  { store }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
): Promise<OrganizationView> {
  const found = await store.organizations.findOne({ _id: organization.id })
  if (found === null) throw notFound('organization')
  return showOrganization(found)
}

/** All organizations, or the one that the caller belongs to. */
export async function listOrganizations(
  { store }: OrganizationsEnvironment,
  only: string | null,
  page: PageRequest,
): Promise<Listing<OrganizationView>> {
  const after = page.cursor === undefined ? [] : [{ _id: { $gt: readCursor(page.cursor) } }]
  const scope = only === null ? [] : [{ _id: only }]
  const query = after.length + scope.length === 0 ? {} : { $and: [...after, ...scope] }
  const found = await store.organizations.find(query, { sort: { _id: 1 }, limit: page.limit + 1 })
  return toListing(found, page.limit, showOrganization)
}

/**
 * @throws UsherError `validation_failed`, also for a default role that does not exist or is privileged; `immutable` for
 * another slug, which is part of URLs that others have stored
 */
export async function patchOrganization(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  patch: OrganizationPatch,
): Promise<OrganizationView> {
  const { store } = environment
  const { id, slug } = context.organization
  if (patch.slug !== undefined && patch.slug !== slug) {
    throw new UsherError('immutable', 'The slug is part of URLs that others have stored. It cannot be changed.')
  }
  if (patch.returnUrls) checkReturnUrls(patch.returnUrls)
  const fields = {
    ...(patch.displayName === undefined ? {} : { displayName: patch.displayName ?? slug }),
    ...(patch.defaultRole === undefined ? {} : { defaultRole: patch.defaultRole }),
    ...(patch.seatLimit === undefined ? {} : { seatLimit: patch.seatLimit }),
    ...(patch.returnUrls === undefined ? {} : { returnUrls: patch.returnUrls ?? [] }),
  }
  const caresOtherwise = patch.staleUsers !== undefined || patch.retention !== undefined
  if (Object.keys(fields).length === 0 && !caresOtherwise) return getOrganization(environment, context)
  await whenTaken(
    () =>
      store.transaction(async (session) => {
        if (patch.defaultRole) await holdDefaultRole(store, id, patch.defaultRole, session)
        const stored = await store.organizations.findOne({ _id: id }, { session })
        if (stored === null) throw notFound('organization')
        const care = caresOtherwise ? patchCare(stored, patch, context.now) : { fields: {}, gone: [] }
        const unset = Object.fromEntries(care.gone.map((name) => [name, '']))
        const update = {
          $set: { ...fields, ...care.fields },
          $inc: { version: 1 },
          ...(care.gone.length === 0 ? {} : { $unset: unset }),
        }
        await store.organizations.updateOne({ _id: id }, update, session)
      }),
    () => new UsherError('conflict', 'Somebody else is changing the organization. Try again.'),
  )
  if (patch.seatLimit === null) await store.seats.deleteOne(id, { _id: id })
  else if (patch.seatLimit !== undefined) {
    await countSeats(store, id)
    recountSeats(store, id)
  }
  return getOrganization(environment, context)
}

/** The write on the role's document makes this and a removal or a change of the role conflict. */
async function holdDefaultRole(store: Store, org: string, name: string, session: Session): Promise<void> {
  const role = await store.roles.findOne(org, { name }, { session })
  if (role === null) throw unknownRole(name)
  if (role.privileged) throw invalidMember('defaultRole', `The role "${name}" is privileged; it cannot be the default.`)
  await store.roles.updateOne(org, { name }, { $inc: { guard: 1 } }, session)
}

/** Counts the seats anew. Changes of users conflict with it while a limit is set, so that none is missed. */
async function countSeats(store: Store, org: string): Promise<void> {
  await store.seats.insertOne(org, { _id: org, org, used: 0 }).catch((error: unknown) => ignoreTaken(error))
  await store.transaction(async (session) => {
    const used = await store.users.count(org, { 'search.active': true }, { session })
    await store.seats.updateOne(org, { _id: org }, { $set: { used } }, session)
  })
}

/** Milliseconds after which every process has noticed a limit and has ended what it began without it. */
const limitNoticed = 10_000

/** Counts once more: other processes may not have noticed at once that there is a limit to count for. */
function recountSeats(store: Store, org: string): void {
  const recount = async () => {
    if ((await store.seats.findOne(org, { _id: org })) !== null) await countSeats(store, org)
  }
  // When the store is closed by then, the next change of the limit counts.
  setTimeout(() => recount().catch(() => undefined), limitNoticed).unref()
}

function ignoreTaken(error: unknown): void {
  if (error instanceof Error && error.name === 'StoreConflict') return
  throw error
}

function unknownRole(name: string): UsherError {
  return invalidMember('defaultRole', `The organization has no role "${name}".`)
}

function showOrganization(document: OrganizationDocument): OrganizationView {
  const { _id: id, slug, displayName, defaultRole, seatLimit, returnUrls, created } = document
  const settings = { displayName, defaultRole, seatLimit, returnUrls, ...careView(document) }
  return { id, slug, ...settings, createdAt: created.toISOString() }
}
