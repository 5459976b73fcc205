import { mayGrantPrivileged, type Principal } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { RoleState } from '../provisioning/types.ts'
import type { RoleDocument } from '../store/documents.ts'
import type { Session, Store } from '../store/store.ts'
import { newId, type OrganizationContext, type OrganizationsEnvironment } from './environment.ts'
import { readPage } from './paging.ts'
import { invalidMember, notFound, whenTaken } from './refusals.ts'
import type { Listing, PageRequest } from './types.ts'

export interface RoleView {
  readonly name: string
  readonly displayName: string
  readonly description: string
  readonly privileged: boolean
  readonly groups: readonly string[]
  readonly createdAt: string
}

export interface RoleInput {
  readonly displayName?: string | undefined
  readonly description?: string | undefined
  readonly privileged?: boolean | undefined
  readonly groups?: readonly string[] | undefined
}

/** A role as it is shown to those who may only read it. */
export interface RoleEntry {
  readonly name: string
  readonly displayName: string
  readonly description: string
  readonly created: Date
  readonly lastModified: Date
}

/** Every role of the organization, by name. */
export async function readRoleEntries(store: Store, org: string): Promise<readonly RoleEntry[]> {
  const found = await store.roles.find(org, {}, { sort: { name: 1 } })
  return found.map(({ name, displayName, description, created, lastModified = created }) => {
    return { name, displayName, description, created, lastModified }
  })
}

/** Every role of the organization, for decisions. */
export async function readRoles(store: Store, org: string): Promise<readonly RoleState[]> {
  const found = await store.roles.find(org, {}, { sort: { name: 1 } })
  return found.map(({ name, displayName, privileged, groups }) => ({ name, displayName, privileged, groups }))
}

export function listRoles(
  { store }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  page: PageRequest,
): Promise<Listing<RoleView>> {
  return readPage(store.roles, organization.id, {}, page, showRole)
}

/** @throws UsherError `not_found` */
export async function getRole(
  { store }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  name: string,
): Promise<RoleView> {
  const found = await store.roles.findOne(organization.id, { name })
  if (found === null) throw notFound('role')
  return showRole(found)
}

/**
 * Makes or replaces a role; what the input omits takes its default.
 * @param guardGroups refuses groups by which somebody would lose a role that must be held: the directory's part
 * @throws UsherError what `guardGroups` throws; `validation_failed` for groups that do not exist; `privileged_grant_refused`; `in_use` when the
 * default role would become privileged; `already_exists` when the name differs from another one in case only
 */
export async function putRole(
  { store }: OrganizationsEnvironment,
  { organization, principal, now }: OrganizationContext,
  name: string,
  input: RoleInput,
  guardGroups: (groups: readonly string[]) => Promise<void> = async () => {},
): Promise<{ readonly created: boolean; readonly role: RoleView }> {
  const org = organization.id
  checkRoleName(name)
  const groups = [...new Set(input.groups ?? [])]
  const privileged = input.privileged ?? false
  return whenTaken(
    () =>
      store.transaction(async (session) => {
        await refuseTwin(store, org, name, session)
        const present = await store.roles.findOne(org, { name }, { session })
        if (privileged || present?.privileged) refuseUnlessPrivileged(principal, name)
        await refuseUnknownGroups(store, org, groups, session)
        if (privileged) await refuseDefault(store, org, name, 'become privileged', session)
        const fields = {
          displayName: input.displayName ?? name,
          description: input.description ?? '',
          privileged,
          groups,
        }
        if (present !== null) {
          await guardGroups(groups)
          const changed = isSame(present, fields) ? fields : { ...fields, lastModified: now }
          await store.roles.updateOne(org, { name }, { $set: changed, $inc: { guard: 1 } }, session)
          return { created: false, role: showRole({ ...present, ...fields }) }
        }
        const document: RoleDocument = { _id: newId(now), org, name, ...fields, guard: 0, created: now }
        await store.roles.insertOne(org, document, session)
        return { created: true, role: showRole(document) }
      }),
    () => new UsherError('conflict', 'Somebody else is making this role. Try again.'),
  )
}

function isSame(present: RoleDocument, fields: Omit<RoleInput, 'groups'> & { readonly groups: readonly string[] }) {
  const { displayName, description, privileged, groups } = present
  return (
    displayName === fields.displayName &&
    description === fields.description &&
    privileged === fields.privileged &&
    groups.length === fields.groups.length &&
    groups.every((group) => fields.groups.includes(group))
  )
}

/**
 * Deletes a role with everything that gave it: a role made anew under the name has no holders but those it is given to.
 * @param withdraw takes the role from all users: the directory's part. While it is at work the role is still there, so
 * that a deletion that was cut off can be asked for again.
 * @throws UsherError `not_found`, `in_use` for the default role, `privileged_grant_refused`
 */
export async function deleteRole(
  { store }: OrganizationsEnvironment,
  context: OrganizationContext,
  name: string,
  withdraw: () => Promise<void>,
): Promise<void> {
  const org = context.organization.id
  await store.transaction((session) => refuseUndeletable(store, context, name, session))
  await withdraw()
  await whenTaken(
    () =>
      store.transaction(async (session) => {
        await refuseUndeletable(store, context, name, session)
        await store.invitations.updateMany(org, { roles: name }, { $pull: { roles: name } }, session)
        await store.roles.deleteOne(org, { name }, session)
      }),
    () => new UsherError('conflict', 'Somebody else is changing this role. Try again.'),
  )
  // Somebody may have given it while it was being taken.
  await withdraw()
}

async function refuseUndeletable(
  store: Store,
  { organization, principal }: OrganizationContext,
  name: string,
  session: Session,
): Promise<void> {
  const present = await store.roles.findOne(organization.id, { name }, { session })
  if (present === null) throw notFound('role')
  if (present.privileged) refuseUnlessPrivileged(principal, name)
  await refuseDefault(store, organization.id, name, 'be deleted', session)
}

/**
 * Refuses roles that do not exist, and privileged ones unless the caller may grant them.
 * @throws UsherError `validation_failed`, `privileged_grant_refused`
 */
export async function checkGrantable(
  store: Store,
  { organization, principal }: Pick<OrganizationContext, 'organization' | 'principal'>,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return
  const known = await readRoles(store, organization.id)
  for (const [index, name] of names.entries()) {
    const role = known.find((each) => each.name === name)
    if (role === undefined) throw invalidMember(`roles.${index}`, `The organization has no role "${name}".`)
    if (role.privileged) refuseUnlessPrivileged(principal, name)
  }
}

function refuseUnlessPrivileged(principal: Principal, name: string): void {
  if (mayGrantPrivileged(principal)) return
  throw new UsherError(
    'privileged_grant_refused',
    `The role "${name}" is privileged: this needs the operator's token or a key with the scope admin:privileged.`,
  )
}

function checkRoleName(name: string): void {
  if (name.length <= 128 && /^[\p{L}\p{N}]([\p{L}\p{M}\p{N} ._:@+-]*[\p{L}\p{M}\p{N}._:@+-])?$/u.test(name)) return
  throw invalidMember(
    'name',
    'The name of a role has 1 to 128 letters, digits, spaces and ._:@+- characters, and begins with a letter or a digit.',
  )
}

/** An application that compares names without regard to case must not take one role for another. */
async function refuseTwin(store: Store, org: string, name: string, session: Session): Promise<void> {
  const others = await store.roles.find(org, { name: { $ne: name } }, { session, projection: { name: 1 } })
  const twin = others.find((other) => other.name.toLowerCase() === name.toLowerCase())
  if (twin !== undefined) {
    throw new UsherError(
      'already_exists',
      `There is a role "${twin.name}", which differs in upper and lower case only.`,
    )
  }
}

async function refuseUnknownGroups(
  store: Store,
  org: string,
  groups: readonly string[],
  session: Session,
): Promise<void> {
  if (groups.length === 0) return
  const found = await store.groups.find(org, { _id: { $in: groups } }, { session, projection: { _id: 1 } })
  const known = new Set(found.map(({ _id }) => _id))
  const unknown = groups.findIndex((group) => !known.has(group))
  if (unknown >= 0) throw invalidMember(`groups.${unknown}`, `The organization has no group "${groups[unknown]}".`)
}

async function refuseDefault(store: Store, org: string, name: string, what: string, session: Session): Promise<void> {
  const organization = await store.organizations.findOne({ _id: org }, { session })
  if (organization?.defaultRole !== name) return
  throw new UsherError('in_use', `"${name}" is the default role of the organization; it cannot ${what}.`)
}

function showRole(document: RoleDocument): RoleView {
  const { name, displayName, description, privileged, groups, created } = document
  return { name, displayName, description, privileged, groups, createdAt: created.toISOString() }
}
