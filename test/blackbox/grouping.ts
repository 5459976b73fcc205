/** Groups and their members, for tests of membership. */
import { type Answer, group, patchOp, type ScimClient, type Usher } from './usher.ts'

export function asMembers(ids: readonly string[]): readonly { readonly value: string }[] {
  return ids.map((value) => ({ value }))
}

export function makeGroup(
  client: ScimClient,
  displayName: string,
  ids: readonly string[] = [],
): Promise<Answer['body']> {
  return client.must('POST', '/Groups', group(displayName, { members: asMembers(ids) }))
}

export function addMembers(...ids: readonly string[]) {
  return patchOp({ op: 'add', path: 'members', value: asMembers(ids) })
}

export function removeMember(id: string) {
  return patchOp({ op: 'remove', path: `members[value eq "${id}"]` })
}

/** The ids of the members in the order of ids. */
export function membersOf({ members = [] }: Answer['body']): readonly string[] {
  return members.map(({ value }: { value: string }) => value).toSorted()
}

/** Runs an action and gives how many memberships it wrote, write by write. */
export async function membershipWrites(
  { store: { memberships } }: Usher,
  action: () => Promise<unknown>,
): Promise<readonly number[]> {
  const sizes: number[] = []
  await watching(memberships, 'bulkWrite', (input) => sizes.push((input[1] as readonly unknown[]).length), action)
  return sizes
}

/** Runs an action, with every call of a method of the store told before it is made. */
export async function watching<T>(
  target: object,
  method: string,
  tell: (input: readonly unknown[]) => void,
  action: () => Promise<T>,
): Promise<T> {
  const original = Reflect.get(target, method) as (...input: unknown[]) => unknown
  Object.defineProperty(target, method, {
    configurable: true,
    value: (...input: unknown[]) => {
      tell(input)
      return Reflect.apply(original, target, input)
    },
  })
  try {
    return await action()
  } finally {
    Reflect.deleteProperty(target, method)
  }
}
