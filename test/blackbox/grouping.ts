/** Groups and their members, for tests of membership. */
import { type Answer, group, patchOp, type ScimClient } from './usher.ts'

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
