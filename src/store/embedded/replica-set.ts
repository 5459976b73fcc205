import { setTimeout as delay } from 'node:timers/promises'
import { mongo } from 'mongoose'

/** Name of the replica set of the embedded database. It is part of the data and never changes. */
export const replicaSetName = 'usher'

const notYetInitialized = 94
const alreadyInitialized = 23

/**
 * Makes the `mongod` at `host` the primary of a replica set of one, and waits until it is. The first start founds the
 * set; when the data names another host (the port was taken and a new one was chosen), the set is told of it.
 *
 * After a move the server first asks whoever holds its old port whether that is itself, for up to half a minute if
 * it gets no answer; everything else takes a moment.
 *
 * @throws Error when it is no primary within a minute and a half.
 */
export async function becomePrimary(host: string): Promise<void> {
  const client = new mongo.MongoClient(`mongodb://${host}/?directConnection=true`, { serverSelectionTimeoutMS: 5000 })
  try {
    const admin = client.db('admin')
    const deadline = Date.now() + 90_000
    while (!(await isPrimary(admin, host))) {
      if (Date.now() > deadline) throw new Error('mongod has not become the primary of its replica set')
      await delay(20)
    }
  } finally {
    await client.close()
  }
}

async function isPrimary(admin: mongo.Db, host: string): Promise<boolean> {
  try {
    return (await settleConfiguration(admin, host)) && (await admin.command({ hello: 1 })).isWritablePrimary === true
  } catch (error) {
    // A member that changes its role closes its connections.
    if (error instanceof mongo.MongoNetworkError) return false
    throw error
  }
}

/** Whether the configuration names this host; brings that about if not. False while the server is still loading it. */
async function settleConfiguration(admin: mongo.Db, host: string): Promise<boolean> {
  try {
    const { config } = await admin.command({ replSetGetConfig: 1 })
    const [member] = config.members
    if (member.host === host) return true
    const moved = { ...config, version: config.version + 1, members: [{ ...member, host }] }
    // Forced, because a member that does not find itself in the configuration is no primary.
    await admin.command({ replSetReconfig: moved, force: true })
    return true
  } catch (error) {
    if (codeOf(error) !== notYetInitialized) throw error
  }
  try {
    // The host is explicit: a member that is left to guess its name may never find itself.
    const config = { _id: replicaSetName, members: [{ _id: 0, host }], settings: { electionTimeoutMillis: 5000 } }
    await admin.command({ replSetInitiate: config })
    return true
  } catch (error) {
    if (codeOf(error) === alreadyInitialized || codeOf(error) === notYetInitialized) return false
    throw error
  }
}

function codeOf(error: unknown): number | undefined {
  return error instanceof mongo.MongoServerError && typeof error.code === 'number' ? error.code : undefined
}
