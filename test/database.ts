import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import { after } from 'node:test'
import { mongo } from 'mongoose'

/** Whoever lets something run at its end: `t` of a test, or of a suite. */
interface Owner {
  readonly after: (run: () => Promise<void>) => void
}

/**
 * Gives the address of a database of its own on the server of the test run, so that test files can run side by side.
 * The database is dropped when `t` ends; without `t`, when the test file ends.
 *
 * @throws Error when there is no server: a test that needs one never passes without it.
 */
export function testDatabase(t?: Owner): string {
  const server = process.env.USHER_TEST_MONGODB_URI
  if (!server) {
    throw new Error('There is no database for tests: run `npm test -- <file>`, or set USHER_TEST_MONGODB_URI.')
  }
  const file = basename(process.argv[1] ?? 'test')
    .replace(/\W.*$/, '')
    .slice(0, 24)
  const uri = new URL(server)
  uri.pathname = `/usher_${file}_${randomBytes(6).toString('hex')}`
  const drop = () => dropDatabase(uri.href)
  if (t) t.after(drop)
  else after(drop)
  return uri.href
}

async function dropDatabase(uri: string): Promise<void> {
  const client = new mongo.MongoClient(uri)
  try {
    await client.db().dropDatabase()
  } finally {
    await client.close()
  }
}
