/** What an organization wants done with users whom nobody sees any more, and how long it keeps what is recorded. */
import { defaultRetention, type Retention } from '../context.ts'
import type { OrganizationDocument, RetentionDocument, StaleUsersDocument } from '../store/documents.ts'
import { invalidMember } from './refusals.ts'

/** Merge patches: null, of a member or of the whole, puts the default back. */
export interface CarePatch {
  readonly staleUsers?: { readonly [Name in keyof StaleUsersDocument]?: number | null | undefined } | null | undefined
  readonly retention?: { readonly [Name in keyof Retention]?: number | null | undefined } | null | undefined
}

const off: StaleUsersDocument = { suspendAfterDays: null, deleteAfterDays: null }

export function staleUsersOf({ staleUsers }: Pick<OrganizationDocument, 'staleUsers'>): StaleUsersDocument {
  return { ...off, ...staleUsers }
}

export function isStaleUsersOn({ suspendAfterDays, deleteAfterDays }: StaleUsersDocument): boolean {
  return suspendAfterDays !== null || deleteAfterDays !== null
}

/** @throws UsherError `validation_failed` when users would be deleted before they are suspended */
export function checkStaleUsers(setting: StaleUsersDocument): StaleUsersDocument {
  const { suspendAfterDays, deleteAfterDays } = setting
  if (suspendAfterDays !== null && deleteAfterDays !== null && deleteAfterDays <= suspendAfterDays) {
    throw invalidMember('staleUsers.deleteAfterDays', 'Users are deleted later than they are suspended.')
  }
  return setting
}

/**
 * The fields of the organization after a patch, and those to be taken away. Care is due at once when a setting asks for
 * some.
 * @throws UsherError `validation_failed`
 */
export function patchCare(
  stored: Pick<OrganizationDocument, 'staleUsers' | 'retention'>,
  patch: CarePatch,
  now: Date,
): {
  readonly fields: Pick<OrganizationDocument, 'staleUsers' | 'retention' | 'careDueAt'>
  readonly gone: readonly 'careDueAt'[]
} {
  const staleUsers = checkStaleUsers(
    patch.staleUsers === null ? off : { ...staleUsersOf(stored), ...defined(patch.staleUsers ?? {}) },
  )
  const retention =
    patch.retention === null ? {} : withoutNull({ ...stored.retention, ...defined(patch.retention ?? {}) })
  const wanted = isStaleUsersOn(staleUsers) || retention.changeDays !== undefined
  return wanted
    ? { fields: { staleUsers, retention, careDueAt: now }, gone: [] }
    : { fields: { staleUsers, retention }, gone: ['careDueAt'] }
}

/** With every default filled in. */
export function careView(document: Pick<OrganizationDocument, 'staleUsers' | 'retention'>) {
  return { staleUsers: staleUsersOf(document), retention: { ...defaultRetention, ...document.retention } }
}

function defined<T extends object>(members: T): Partial<{ [Name in keyof T]: Exclude<T[Name], undefined> }> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<{
    [Name in keyof T]: Exclude<T[Name], undefined>
  }>
}

function withoutNull(members: { readonly [Name in keyof Retention]?: number | null }): RetentionDocument {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null))
}
