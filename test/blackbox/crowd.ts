/** Many users at once: one is made over HTTP, the others are copies of it in the store. */
import { randomUUID } from 'node:crypto'
import { mongo } from 'mongoose'
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
  await load(usher, 'users', copies)
  return [first.id, ...copies.map(({ _id }) => _id)]
}

/** Writes documents beside the store, which would give up on so many of them on a machine that is busy. */
export function load(usher: Usher, collection: string, documents: readonly object[]): Promise<void> {
  return within(usher, collection, async (target) => {
    for (let start = 0; start < documents.length; start += 2_000) {
      await target.insertMany(documents.slice(start, start + 2_000) as mongo.Document[], { ordered: false })
    }
  })
}

/** Takes away all indexes but that of the ids: for tests that need no other, loading is many times quicker. */
export function dropIndexes(usher: Usher, collection: string): Promise<void> {
  return within(usher, collection, async (target) => void (await target.dropIndexes()))
}

async function within(
  { home }: Usher,
  collection: string,
  act: (target: mongo.Collection) => Promise<void>,
): Promise<void> {
  const client = await mongo.MongoClient.connect(home.database, { ignoreUndefined: true })
  try {
    await act(client.db().collection(collection))
  } finally {
    await client.close()
  }
}
