/** The connection to MongoDB and everything that is stored there. */
import mongoose from 'mongoose'
import { UsherError } from '../errors.ts'
import { Calls, type StoreObserver } from './calls.ts'
import { GlobalCollection, type Query, ScopedCollection, type Session, type Sort, scope } from './collection.ts'
import type * as documents from './documents.ts'
import { translateFailure } from './failures.ts'
import { Memory } from './memory.ts'
import { type CollectionName, collectionNames, defineModels } from './models.ts'
import { type PoolState, watchPool } from './pool.ts'
import { runTransaction } from './transaction.ts'

export type { StoreObserver } from './calls.ts'
export type { Query, ScopedCollection, Session, Update, Write } from './collection.ts'
export { StoreConflict } from './failures.ts'

export interface StoreOptions {
  /** The driver's URI of a replica set; the database name in it is used. */
  readonly uri: string
  /** Connections that one process may open; default 25. */
  readonly poolSize?: number
  readonly appName?: string
  /** Told when this process has changed what other processes may remember: they should call `forget`. */
  readonly announce?: () => void
}

export interface StoreHealth {
  readonly ready: boolean
  /** What is missing, in words. */
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Milliseconds between two looks at the indexes. */
const indexCheckInterval = 60_000
/** Collections that are looked after at a time. */
const lanes = 4
/** The newest release below which a server has known faults that matter here. */
const serverFloor = [7, 0, 28] as const

/** The store of one process. Made by `openStore`; `close` ends its connections. */
export class Store {
  readonly organizations: GlobalCollection<documents.OrganizationDocument>
  readonly domains: ScopedCollection<documents.DomainDocument>
  readonly roles: ScopedCollection<documents.RoleDocument>
  readonly invitations: ScopedCollection<documents.InvitationDocument>
  readonly connections: ScopedCollection<documents.ConnectionDocument>
  readonly jitVersions: ScopedCollection<documents.JitVersionDocument>
  readonly users: ScopedCollection<documents.UserDocument>
  readonly groups: ScopedCollection<documents.GroupDocument>
  readonly resources: ScopedCollection<documents.CustomResourceDocument>
  readonly memberships: ScopedCollection<documents.MembershipDocument>
  readonly identities: ScopedCollection<documents.IdentityDocument>
  readonly pastLinks: ScopedCollection<documents.PastLinkDocument>
  readonly relinkRows: ScopedCollection<documents.RelinkRowDocument>
  readonly tombstones: ScopedCollection<documents.TombstoneDocument>
  readonly departures: ScopedCollection<documents.DepartureDocument>
  readonly scimClients: ScopedCollection<documents.ScimClientDocument>
  readonly credentials: GlobalCollection<documents.CredentialDocument>
  readonly asyncResults: ScopedCollection<documents.AsyncResultDocument>
  readonly clientAssertions: ScopedCollection<documents.ClientAssertionDocument>
  readonly loginTransactions: ScopedCollection<documents.LoginTransactionDocument>
  readonly decisions: ScopedCollection<documents.DecisionDocument>
  readonly inbox: ScopedCollection<documents.InboxDocument>
  readonly removalWindows: ScopedCollection<documents.RemovalWindowDocument>
  readonly changes: ScopedCollection<documents.ChangeDocument>
  readonly feeds: ScopedCollection<documents.FeedDocument>
  readonly jobs: ScopedCollection<documents.JobDocument>
  readonly seats: ScopedCollection<documents.SeatDocument>
  readonly requestCounts: GlobalCollection<documents.RequestCountDocument>
  readonly leases: GlobalCollection<documents.LeaseDocument>
  readonly secrets: GlobalCollection<documents.SecretDocument>
  readonly migrations: GlobalCollection<documents.MigrationDocument>
  /** The connections of this process to the database. */
  readonly pool: () => PoolState
  readonly #connection: mongoose.Connection
  readonly #calls = new Calls()
  readonly #models: ReadonlyMap<CollectionName, mongoose.Model<unknown>>
  readonly #memories: { readonly forget: () => void }[] = []
  #indexCheck: { readonly at: number; readonly missing: Promise<readonly string[]> } | null = null

  constructor(connection: mongoose.Connection, announce?: () => void) {
    const models = defineModels(connection)
    this.#connection = connection
    this.#models = models
    this.pool = watchPool(connection.getClient())
    const model = (name: CollectionName) => ({ name, model: models.get(name)!, calls: this.#calls })
    const memory = <Document>() => {
      const made = new Memory<Document>(announce)
      this.#memories.push({ forget: () => made.forget() })
      return made
    }
    this.organizations = new GlobalCollection(model('organizations'), memory())
    this.domains = new ScopedCollection(model('domains'), memory())
    this.roles = new ScopedCollection(model('roles'), memory())
    this.invitations = new ScopedCollection(model('invitations'))
    this.connections = new ScopedCollection(model('connections'), memory())
    this.jitVersions = new ScopedCollection(model('jitVersions'))
    this.users = new ScopedCollection(model('users'))
    this.groups = new ScopedCollection(model('groups'))
    this.resources = new ScopedCollection(model('resources'))
    this.memberships = new ScopedCollection(model('memberships'))
    this.identities = new ScopedCollection(model('identities'))
    this.pastLinks = new ScopedCollection(model('pastLinks'))
    this.relinkRows = new ScopedCollection(model('relinkRows'))
    this.tombstones = new ScopedCollection(model('tombstones'))
    this.departures = new ScopedCollection(model('departures'))
    this.scimClients = new ScopedCollection(model('scimClients'), memory())
    this.credentials = new GlobalCollection(model('credentials'))
    this.asyncResults = new ScopedCollection(model('asyncResults'))
    this.clientAssertions = new ScopedCollection(model('clientAssertions'))
    this.loginTransactions = new ScopedCollection(model('loginTransactions'))
    this.decisions = new ScopedCollection(model('decisions'))
    this.inbox = new ScopedCollection(model('inbox'))
    this.removalWindows = new ScopedCollection(model('removalWindows'))
    this.changes = new ScopedCollection(model('changes'))
    this.feeds = new ScopedCollection(model('feeds'))
    this.jobs = new ScopedCollection(model('jobs'))
    this.seats = new ScopedCollection(model('seats'))
    this.requestCounts = new GlobalCollection(model('requestCounts'))
    this.leases = new GlobalCollection(model('leases'))
    this.secrets = new GlobalCollection(model('secrets'))
    this.migrations = new GlobalCollection(model('migrations'))
  }

  /**
   * Runs the writes of `work` as one transaction and gives what it returns. `work` may run several times and must
   * have no effect outside of the session.
   * @param documents how many it writes, where there may be many: so much longer it may take
   * @throws StoreConflict when a unique key or a condition of another writer won; UsherError `unavailable`
   */
  transaction<T>(work: (session: Session) => Promise<T>, documents = 0): Promise<T> {
    return runTransaction(this.#connection.getClient(), this.#calls, work, documents)
  }

  /**
   * Which of these collections hold something that their query finds, by one call however many there are. Each query has
   * an index of its own, as if it were asked alone.
   */
  async whichHold<Name extends CollectionName>(
    org: string,
    questions: readonly { readonly collection: Name; readonly query: Query }[],
  ): Promise<ReadonlySet<Name>> {
    const [first, ...others] = questions.map(({ collection, query }) => ({
      collection,
      pipeline: [
        { $match: scope(org, query) },
        { $limit: 1 },
        { $project: { _id: 0, collection: { $literal: collection } } },
      ],
    }))
    if (first === undefined) return new Set()
    const unions = others.map(({ collection: coll, pipeline }) => ({ $unionWith: { coll, pipeline } }))
    const place = { name: first.collection, model: this.#models.get(first.collection)!, calls: this.#calls }
    const rows = await new GlobalCollection(place).aggregate<{ readonly collection: Name }>([
      ...first.pipeline,
      ...unions,
    ])
    return new Set(rows.map(({ collection }) => collection))
  }

  /** From now on every call is told to the observer. */
  observe(observer: StoreObserver): void {
    this.#calls.observe(observer)
  }

  /** Creates what is missing of collections and indexes; concurrent starts are safe. */
  async prepare(): Promise<void> {
    try {
      await eachCollection((name) => createIndexes(this.#models.get(name)!))
    } catch (error) {
      throw translateFailure(error)
    }
  }

  /**
   * Adds to the indexes that this process expects, and creates what is missing of them: those that schema documents ask
   * for. What only another process expects stays.
   */
  async expectIndexes(indexes: Readonly<Partial<Record<CollectionName, readonly Sort[]>>>): Promise<void> {
    try {
      for (const name of collectionNames) {
        const model = this.#models.get(name)!
        for (const keys of indexes[name] ?? []) model.schema.index(keys)
        if (indexes[name] !== undefined) await createIndexes(model)
      }
    } catch (error) {
      throw translateFailure(error)
    }
  }

  /** Whether the database answers as a primary and has every index. */
  async health(): Promise<StoreHealth> {
    const problems: string[] = []
    const warnings: string[] = []
    try {
      const database = this.#connection.db
      if (database === undefined) return { ready: false, problems: ['the database is not connected'], warnings }
      await database.command({ ping: 1 }, { timeoutMS: 1_000 })
      for (const index of await this.#missingIndexes()) problems.push(`an index is missing: ${index}`)
      const { version } = await database.admin().serverInfo()
      if (isBelowFloor(String(version))) {
        warnings.push(`the database server ${version} is older than ${serverFloor.join('.')}`)
      }
    } catch {
      problems.push('the database does not answer')
    }
    return { ready: problems.length === 0, problems, warnings }
  }

  /** Indexes that are expected and not there, as `collection: keys`. */
  async missingIndexes(): Promise<readonly string[]> {
    const missing: string[] = []
    await eachCollection(async (name) => {
      const { toCreate } = await this.#models.get(name)!.diffIndexes()
      for (const keys of toCreate) missing.push(`${name}: ${JSON.stringify(keys)}`)
    })
    return missing
  }

  /** Asked at most once a minute: it reads every collection's index list. */
  #missingIndexes(): Promise<readonly string[]> {
    const now = performance.now()
    if (this.#indexCheck === null || now - this.#indexCheck.at > indexCheckInterval) {
      const missing = this.missingIndexes()
      missing.catch(() => {
        this.#indexCheck = null
      })
      this.#indexCheck = { at: now, missing }
    }
    return this.#indexCheck.missing
  }

  /** Forgets what is remembered of settings, because another process has changed some. */
  forget(): void {
    for (const memory of this.#memories) memory.forget()
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  /** For tests: empties the database. */
  async drop(): Promise<void> {
    await this.#connection.dropDatabase()
  }
}

/**
 * Connects and checks that the server can do transactions.
 * @throws UsherError `unavailable` when nothing answers; `StandaloneServerError` for a server without a replica set;
 * `DatabaseAddressError` for an address that will never do
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const connection = mongoose.createConnection(options.uri, {
    appName: options.appName ?? 'usher',
    autoIndex: false,
    autoCreate: false,
    bufferCommands: false,
    maxPoolSize: options.poolSize ?? 25,
    minPoolSize: 2,
    waitQueueTimeoutMS: 2_000,
    serverSelectionTimeoutMS: 3_000,
    // A server that has frozen is given up after the sum of these. It is polled, because a stream of its state would be
    // waited for even after an error has said that the state is another.
    serverMonitoringMode: 'poll',
    heartbeatFrequencyMS: 4_000,
    connectTimeoutMS: 3_000,
    socketTimeoutMS: 20_000,
    retryWrites: true,
    retryReads: true,
    ignoreUndefined: true,
  })
  try {
    await connection.asPromise()
    const hello = await connection.db!.command({ hello: 1 })
    if (hello.setName === undefined) throw new StandaloneServerError()
  } catch (error) {
    await connection.close().catch(() => undefined)
    if (error instanceof StandaloneServerError) throw error
    if (isHopeless(error)) throw new DatabaseAddressError(error)
    throw new UsherError('unavailable', 'The database does not answer.', { cause: error, retryAfter: 5 })
  }
  return new Store(connection, options.announce)
}

/** Transactions need a replica set; one member is enough. */
export class StandaloneServerError extends Error {
  constructor() {
    super(
      'MONGODB_URI names a standalone server, and Usher needs a replica set (one member is enough). ' +
        "Start mongod with --replSet rs0 and run once: mongosh --eval \"rs.initiate({_id:'rs0',members:[{_id:0,host:'127.0.0.1:27017'}]})\"",
    )
    this.name = 'StandaloneServerError'
  }
}

/** The address cannot be read, or the server does not let us in. */
export class DatabaseAddressError extends Error {
  constructor(cause: unknown) {
    super(`MONGODB_URI cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'DatabaseAddressError'
  }
}

const authenticationFailed = 18

function isHopeless(error: unknown): boolean {
  const { MongoAPIError, MongoParseError, MongoRuntimeError, MongoServerError } = mongoose.mongo
  if (error instanceof MongoServerError) return error.code === authenticationFailed
  return error instanceof MongoParseError || error instanceof MongoAPIError || error instanceof MongoRuntimeError
}

function isBelowFloor(version: string): boolean {
  const parts = version.split('.').map(Number)
  for (const [index, floor] of serverFloor.entries()) {
    const part = parts[index] ?? 0
    if (part !== floor) return part < floor
  }
  return false
}

/** Does something for each collection, a few at a time: whoever waits for a connection waits two seconds only. */
async function eachCollection(work: (name: CollectionName) => Promise<void>): Promise<void> {
  const names = collectionNames.values()
  const lane = async () => {
    for (const name of names) await work(name)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** The collection with all its indexes, by one command: mongoose sends one for each index, and every start waits for them. */
async function createIndexes(model: mongoose.Model<unknown>): Promise<void> {
  const indexes = model.schema.indexes().map(([key, { background, ...options }]) => ({ key, ...options }))
  if (indexes.length === 0) await model.createCollection().catch(ignoreExisting)
  else await model.collection.createIndexes(indexes as mongoose.mongo.IndexDescription[])
}

function ignoreExisting(error: unknown): void {
  if (error instanceof mongoose.mongo.MongoServerError && error.codeName === 'NamespaceExists') return
  throw error
}
