/** Attributes that a connection keeps to itself, as they stand against a writer. */
import type { RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { type AttributeLock, lockFinder, locksOf } from '../provisioning/locks.ts'
import type { StoredJitSettings } from '../provisioning/settings.ts'
import { equalValues } from '../schema/equal.ts'
import type { JsonValue } from '../schema/types.ts'
import type { UserDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'

/**
 * The locks of the connections that the user is linked to, but for that of the caller itself. Few organizations have
 * any, so that is what is asked first.
 */
export async function readLocks(
  { store }: DirectoryEnvironment,
  { organization, source }: RequestContext,
  user: Pick<UserDocument, '_id' | 'managedBy'>,
): Promise<readonly AttributeLock[]> {
  if (!user.managedBy.some((manager) => manager.startsWith('login:') && manager !== source)) return []
  const locking = await store.connections.remembered(
    organization.id,
    { 'jit.attributes.locked': true, deleting: false },
    { projection: { jit: 1 } },
  )
  const others = locking.filter(({ _id }) => `login:${_id}` !== source)
  if (others.length === 0) return []
  const links = await store.identities.find(organization.id, { user: user._id })
  return others
    .filter(({ _id }) => links.some(({ connection }) => connection === _id))
    .flatMap(({ _id, jit }) => locksOf(_id, jit as StoredJitSettings))
}

/**
 * Refuses a change of what a connection has locked.
 * @throws UsherError `mutability`
 */
export function guardLocks(
  { userType }: DirectoryEnvironment,
  locks: readonly AttributeLock[],
  before: ReadonlyMap<string, JsonValue>,
  after: ReadonlyMap<string, JsonValue>,
): void {
  if (locks.length === 0) return
  const lockOn = lockFinder(userType, locks)
  for (const leaf of new Set([...before.keys(), ...after.keys()])) {
    if (lockOn(leaf) === undefined || equalValues(before.get(leaf), after.get(leaf))) continue
    throw new UsherError('mutability', `"${leaf}" is locked: only the logins of a connection write it.`)
  }
}
