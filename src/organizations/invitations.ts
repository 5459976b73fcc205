import { UsherError } from '../errors.ts'
import type { InvitationDocument } from '../store/documents.ts'
import { newId, type OrganizationContext, type OrganizationsEnvironment } from './environment.ts'
import { readPage } from './paging.ts'
import { invalidMember, notFound } from './refusals.ts'
import { checkGrantable } from './roles.ts'
import type { Listing, PageRequest } from './types.ts'

export interface InvitationView {
  readonly id: string
  readonly email: string
  readonly roles: readonly string[]
  readonly createdAt: string
  readonly expiresAt: string
  readonly acceptedAt: string | null
  /** The user whose first login used it up. */
  readonly acceptedBy: string | null
}

/** Milliseconds that an invitation holds when nobody says otherwise. */
const lifetime = 30 * 24 * 3_600_000

/** @throws UsherError `validation_failed`, `privileged_grant_refused`, `already_exists` while another one is open */
export async function createInvitation(
  { store }: OrganizationsEnvironment,
  context: OrganizationContext,
  input: {
    readonly email: string
    readonly roles?: readonly string[] | undefined
    readonly expiresAt?: Date | undefined
  },
): Promise<InvitationView> {
  const { organization, now } = context
  const email = input.email.trim()
  if (email.length > 320 || !/^[^\s@\p{Cc}\p{Cf}]+@[^\s@\p{Cc}\p{Cf}]+$/u.test(email)) {
    throw invalidMember('email', 'This is no e-mail address.')
  }
  const expiresAt = input.expiresAt ?? new Date(now.getTime() + lifetime)
  if (expiresAt <= now) throw invalidMember('expiresAt', 'An invitation that has expired already is of no use.')
  const roles = [...new Set(input.roles ?? [])]
  await checkGrantable(store, context, roles)
  const emailKey = foldAsciiCase(email)
  const open = await store.invitations.findOne(organization.id, {
    emailKey,
    acceptedAt: null,
    expiresAt: { $gt: now },
  })
  if (open !== null)
    throw new UsherError('already_exists', 'This address has an open invitation. Delete that one first.')
  const document: InvitationDocument = {
    _id: newId(now),
    org: organization.id,
    email,
    emailKey,
    roles,
    created: now,
    expiresAt,
    acceptedBy: null,
    acceptedAt: null,
  }
  await store.invitations.insertOne(organization.id, document)
  return showInvitation(document)
}

export function listInvitations(
  { store }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  page: PageRequest,
): Promise<Listing<InvitationView>> {
  return readPage(store.invitations, organization.id, {}, page, showInvitation)
}

/** @throws UsherError `not_found` */
export async function getInvitation(
  { store }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  id: string,
): Promise<InvitationView> {
  const found = await store.invitations.findOne(organization.id, { _id: id })
  if (found === null) throw notFound('invitation')
  return showInvitation(found)
}

/** @throws UsherError `not_found` */
export async function deleteInvitation(
  { store }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  id: string,
): Promise<void> {
  if (!(await store.invitations.deleteOne(organization.id, { _id: id }))) throw notFound('invitation')
}

/** Only ASCII case is ignored: what is equal by other folding is somebody else's address. */
function foldAsciiCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function showInvitation(document: InvitationDocument): InvitationView {
  const { _id: id, email, roles, created, expiresAt, acceptedAt, acceptedBy } = document
  return {
    id,
    email,
    roles,
    createdAt: created.toISOString(),
    expiresAt: expiresAt.toISOString(),
    acceptedAt: acceptedAt?.toISOString() ?? null,
    acceptedBy,
  }
}
