/** Attributes that one connection keeps to itself: `locked` on a mapping. */
import type { ResourceType } from '../schema/types.ts'
import type { StoredJitSettings } from './settings.ts'
import { coversLeaf, resolveTarget } from './target.ts'

/** An attribute of the users who are linked to the connection; nobody else may write it. */
export interface AttributeLock {
  readonly connection: string
  /** The path of the mapping. */
  readonly attribute: string
}

/** The locks that a connection's settings put on its users. */
export function locksOf(
  connection: string,
  { attributes = [] }: Pick<StoredJitSettings, 'attributes'>,
): readonly AttributeLock[] {
  return attributes.flatMap(({ attribute, locked }) => (locked === true ? [{ connection, attribute }] : []))
}

/** Finds the lock on a leaf (see `schema/leaves.ts`), if there is one. */
export function lockFinder(
  type: ResourceType,
  locks: readonly AttributeLock[],
): (leaf: string) => AttributeLock | undefined {
  const targets = locks.flatMap((lock) => {
    const target = resolveTarget(type, lock.attribute)
    return 'problem' in target ? [] : [{ lock, target }]
  })
  return (leaf) => targets.find(({ target }) => coversLeaf(target, leaf))?.lock
}
