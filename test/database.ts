import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import { after } from 'node:test'
import { mongo } from 'mongoose'

/** Documents that are removed one by one in less time than it takes to make all collections and indexes anew. */
const few = 5_000

/** The databases that files of this process have left; null where a process has one file. */
let left: string[] | null = null

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
  const uri = newDatabase()
  const drop = () => dropDatabase(uri)
  if (t) t.after(drop)
  else after(drop)
  return uri
}

/**
 * The same for an Usher, until the test file ends. Where files share a process, it may be one that an Usher before has
 * left: empty, but with all its collections and indexes. The more of them there are, the slower is the server.
 */
export async function usherDatabase(): Promise<string> {
  if (left === null) return testDatabase()
  const known = left.pop()
  const uri = known ?? newDatabase()
  if (known !== undefined) await emptyDatabase(known)
  after(() => left?.push(uri))
  return uri
}

/** Called where files share a process. Gives what drops their databases in the end. */
export function reuseDatabases(): () => Promise<void> {
  const databases: string[] = []
  left = databases
  return async () => {
    for (const uri of databases) await dropDatabase(uri)
  }
}

function newDatabase(): string {
  const server = process.env.USHER_TEST_MONGODB_URI
  if (!server) {
    throw new Error('There is no database for tests: run `npm test -- <file>`, or set USHER_TEST_MONGODB_URI.')
  }
  const file = basename(process.argv[1] ?? 'test')
    .replace(/\W.*$/, '')
    .slice(0, 24)
  const uri = new URL(server)
  uri.pathname = `/usher_${file}_${randomBytes(6).toString('hex')}`
  return uri.href
}

async function emptyDatabase(uri: string): Promise<void> {
  await withDatabase(uri, async (db) => {
    const { objects } = await db.stats()
    if (objects > few) await db.dropDatabase()
    else await Promise.all((await db.collections()).map((collection) => collection.deleteMany({})))
  })
}

function dropDatabase(uri: string): Promise<void> {
  return withDatabase(uri, async (db) => {
    await db.dropDatabase()
  })
}

async function withDatabase(uri: string, use: (db: mongo.Db) => Promise<void>): Promise<void> {
  const client = new mongo.MongoClient(uri)
  try {
    await use(client.db())
  } finally {
    await client.close()
  }
}
