/** Many users at once: one is made over HTTP, the others are copies of it in the store. */
import { randomUUID } from 'node:crypto'
import { type Organization, type ScimClient, type Usher, user } from './usher.ts'

/** Gives the ids; the userNames are `{prefix}-0000`, `{prefix}-0001` and so on. */
export async function crowd(
  usher: Usher,
  { slug }: Organization,
  client: ScimClient,
  prefix: string,
  length: number,
): Promise<readonly string[]> {
  const first = await client.must('POST', '/Users', user(`${prefix}-0000`))
  const { _id: org } = (await usher.store.organizations.findOne({ slug }))!
  const original = (await usher.store.users.findOne(org, { _id: first.id }))!
  const copies = Array.from({ length: length - 1 }, (_, index) => {
    const userName = `${prefix}-${String(index + 1).padStart(4, '0')}`
    return {
      ...original,
      _id: randomUUID(),
      resource: { ...original.resource, userName },
      search: { ...original.search, userName },
    }
  })
  await usher.store.users.insertMany(org, copies)
  return [first.id, ...copies.map(({ _id }) => _id)]
}
