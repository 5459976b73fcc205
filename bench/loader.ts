/** Users by the million: written straight into the database, in the form that the directory itself composes. */
import assert from 'node:assert/strict'
import mongoose from 'mongoose'
import { composeUser } from '../src/directory/compose.ts'
import { newId } from '../src/directory/environment.ts'
import { partsOf } from '../src/directory/user-parts.ts'
import { builtInDocuments, readDocuments } from '../src/schema/documents.ts'
import { createRegistry } from '../src/schema/registry.ts'
import type { UserDocument } from '../src/store/documents.ts'
import { renamed } from './copies.ts'

const userType = createRegistry(readDocuments([builtInDocuments])).resourceType('User')
const batchSize = 1_000
/** Batches under way at a time: one is made while another is written. */
const lanes = 3
/** Milliseconds between two lines of progress. */
const interval = 15_000

/**
 * Makes users like one that the API made, whose name is `like`; the n-th is called `user-n`. Gives their ids, which
 * are in order.
 *
 * @throws AssertionError when what is composed for the given user is not what is stored of it
 */
export async function loadUsers(
  uri: string,
  template: UserDocument,
  like: string,
  count: number,
): Promise<readonly string[]> {
  assert.deepEqual(userLike(template, template._id, like, like), template)
  const began = performance.now()
  const ids = Array.from({ length: count }, (_, index) => newId(new Date(template.created.getTime() + 1), index))
  const client = await mongoose.mongo.MongoClient.connect(uri, { ignoreUndefined: true })
  const users = client.db().collection<UserDocument>('users')
  let taken = 0
  let done = 0
  const lane = async () => {
    while (taken < count) {
      const start = taken
      taken += batchSize
      const batch = ids.slice(start, taken)
      const documents = batch.map((id, index) => userLike(template, id, like, `user-${start + index}`))
      await users.insertMany(documents, { ordered: false, writeConcern: { w: 1 } })
      done += batch.length
    }
  }
  const progress = setInterval(() => report(done), interval)
  try {
    await Promise.all(Array.from({ length: lanes }, lane))
  } finally {
    clearInterval(progress)
    await client.close()
  }
  if (performance.now() - began > interval) report(done)
  return ids

  function report(loaded: number): void {
    const seconds = (performance.now() - began) / 1_000
    console.log(`${loaded} of ${count} users loaded, ${(loaded / seconds).toFixed(0)}/s`)
  }
}

function userLike(template: UserDocument, id: string, like: string, name: string): UserDocument {
  const parts = partsOf({ userType }, template)
  const { attributes, externalIds } = renamed(
    { attributes: parts.attributes, externalIds: parts.externalIds },
    { [like]: name },
  )
  return composeUser(userType, { ...parts, id, attributes, externalIds })
}
