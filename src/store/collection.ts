/**
 * The only way to a collection. The organization is the first argument of every call and is joined to the query here,
 * outside of whatever the caller asks: no query can escape it.
 */
import type mongoose from 'mongoose'
import type { Calls, Command } from './calls.ts'
import { refusedInserts } from './failures.ts'
import type { Memory } from './memory.ts'

export type Session = mongoose.mongo.ClientSession
export type Query = Readonly<Record<string, unknown>>
export type Update = Readonly<Record<string, unknown>>
/** Steps of an update that computes from what is there. */
export type UpdatePipeline = readonly Update[]
export type Sort = Readonly<Record<string, 1 | -1>>

export interface ReadOptions {
  readonly session?: Session | undefined
  readonly projection?: Readonly<Record<string, 0 | 1>> | undefined
  readonly sort?: Sort | undefined
  readonly limit?: number | undefined
  readonly skip?: number | undefined
}

export interface AggregateOptions {
  readonly session?: Session
  /** `one`: everything is read as it was at one moment. Otherwise a commit may fall in between many documents. */
  readonly moment?: 'one'
}

/** Milliseconds that a read may take on the server. */
const readBudget = 2_000
/** Milliseconds that one call may take with everything on its way: finding the primary, a connection, repetitions. */
const callBudget = 3_500
/** Documents or writes that go to the database at a time. */
const sliceLength = 1_000

/** Where the documents are, and the way of every call to them. */
export interface Place {
  readonly name: string
  readonly model: mongoose.Model<unknown>
  readonly calls: Calls
}

/** Every call goes to the driver beneath the model: documents are never hydrated. */
export class GlobalCollection<Document extends object> {
  readonly #place: Place
  readonly #memory: Memory<Document> | null
  /** Transactions that have written here and not ended. */
  readonly #writing = new WeakSet<Session>()

  /** @param memory for a collection that every request reads and that seldom changes */
  constructor(place: Place, memory: Memory<Document> | null = null) {
    this.#place = place
    this.#memory = memory
  }

  /**
   * As `find`, or what was found within the last second, if this process has not written to the collection since. The
   * documents are shared, so nobody may change them.
   */
  remembered(query: Query, options: Omit<ReadOptions, 'session'> = {}): Promise<readonly Document[]> {
    const find = () => this.find(query, options)
    return this.#memory === null ? find() : this.#memory.read(JSON.stringify([query, options]), find)
  }

  async findOne(query: Query, options: ReadOptions = {}): Promise<Document | null> {
    return (await this.find(query, { ...options, limit: 1 }))[0] ?? null
  }

  async find(query: Query, options: ReadOptions = {}): Promise<readonly Document[]> {
    return this.#call('find', () => this.#read(query, options).toArray() as Promise<unknown>) as Promise<
      readonly Document[]
    >
  }

  /** Streams in batches; the consumer's pace is the reader's pace. */
  async *stream(query: Query, options: ReadOptions & { readonly batchSize?: number } = {}): AsyncGenerator<Document> {
    const cursor = this.#read(query, { batchSize: 1_000, ...options })
    try {
      for (;;) {
        const document: unknown = await this.#call('getMore', () => cursor.next())
        if (document === null) return
        yield document as Document
        // The rest of the batch is here already and needs no deadline.
        yield* cursor.readBufferedDocuments() as readonly unknown[] as readonly Document[]
      }
    } finally {
      // Not awaited: a database that does not answer does not answer this either.
      cursor.close().catch(() => undefined)
    }
  }

  async count(query: Query, options: { readonly limit?: number; readonly session?: Session } = {}): Promise<number> {
    return this.#call('count', () =>
      this.#collection.countDocuments(query as mongoose.mongo.Filter<mongoose.mongo.Document>, {
        maxTimeMS: readBudget,
        ...options,
      }),
    )
  }

  /** About how many documents there are, without counting. */
  async estimate(): Promise<number> {
    return this.#call('count', () => this.#collection.estimatedDocumentCount({ maxTimeMS: readBudget }))
  }

  async aggregate<Row extends object>(
    pipeline: readonly Readonly<Record<string, unknown>>[],
    { moment, ...options }: AggregateOptions = {},
  ): Promise<readonly Row[]> {
    const readConcern = moment === 'one' ? { readConcern: { level: 'snapshot' as const } } : {}
    const settings = { maxTimeMS: readBudget, ...readConcern, ...options }
    return this.#call(
      'aggregate',
      () => this.#collection.aggregate([...pipeline], settings).toArray() as Promise<unknown>,
    ) as Promise<readonly Row[]>
  }

  async insertOne(document: Document, session?: Session): Promise<void> {
    await this.#write('insert', session, () =>
      this.#collection.insertOne(document as mongoose.mongo.Document, sessionOf(session)),
    )
  }

  async insertMany(documents: readonly Document[], session?: Session): Promise<void> {
    for (const slice of slices(documents)) {
      await this.#write('insert', session, () =>
        this.#collection.insertMany(slice as readonly mongoose.mongo.Document[], {
          ordered: true,
          ...sessionOf(session),
        }),
      )
    }
  }

  /** Inserts each as if it came alone; gives what speaks against those that cannot be inserted, by their places. */
  async insertEach(documents: readonly Document[]): Promise<ReadonlyMap<number, unknown>> {
    try {
      await this.#write('insert', undefined, () =>
        this.#collection.insertMany(documents as readonly mongoose.mongo.Document[], { ordered: false }),
      )
      return new Map()
    } catch (error) {
      return refusedInserts(error)
    }
  }

  /** Whether a document matched. */
  async updateOne(query: Query, update: Update, session?: Session): Promise<boolean> {
    const result = await this.#write('update', session, () =>
      this.#collection.updateOne(query as mongoose.mongo.Filter<mongoose.mongo.Document>, update, sessionOf(session)),
    )
    return result.matchedCount > 0
  }

  async updateMany(query: Query, update: Update | UpdatePipeline, session?: Session): Promise<number> {
    const result = await this.#write('update', session, () =>
      this.#collection.updateMany(query as mongoose.mongo.Filter<mongoose.mongo.Document>, update, sessionOf(session)),
    )
    return result.matchedCount
  }

  /** Inserts or replaces the document with this id. Never used within a transaction. */
  async put(id: string, document: Document): Promise<void> {
    await this.#write('update', undefined, () =>
      this.#collection.replaceOne({ _id: id } as never, document as mongoose.mongo.Document, { upsert: true }),
    )
  }

  /** @param options `upsert`: a document is made when there is none */
  async findOneAndUpdate(
    query: Query,
    update: Update,
    options: { readonly upsert?: boolean } = {},
  ): Promise<Document | null> {
    return this.#write(
      'findAndModify',
      undefined,
      () =>
        this.#collection.findOneAndUpdate(query as mongoose.mongo.Filter<mongoose.mongo.Document>, update, {
          ...options,
          returnDocument: 'after',
        }) as Promise<unknown>,
    ) as Promise<Document | null>
  }

  /** The document as it was, taken away by exactly one caller. */
  async findOneAndDelete(query: Query): Promise<Document | null> {
    return this.#write(
      'findAndModify',
      undefined,
      () =>
        this.#collection.findOneAndDelete(query as mongoose.mongo.Filter<mongoose.mongo.Document>) as Promise<unknown>,
    ) as Promise<Document | null>
  }

  async deleteOne(query: Query, session?: Session): Promise<boolean> {
    const result = await this.#write('delete', session, () =>
      this.#collection.deleteOne(query as mongoose.mongo.Filter<mongoose.mongo.Document>, sessionOf(session)),
    )
    return result.deletedCount > 0
  }

  async deleteMany(query: Query, session?: Session): Promise<number> {
    const result = await this.#write('delete', session, () =>
      this.#collection.deleteMany(query as mongoose.mongo.Filter<mongoose.mongo.Document>, sessionOf(session)),
    )
    return result.deletedCount
  }

  /** Several single-document writes in one round trip, if they are not very many. */
  async bulkWrite(
    writes: readonly mongoose.mongo.AnyBulkWriteOperation<mongoose.mongo.Document>[],
    session?: Session,
  ): Promise<{ readonly matched: number; readonly deleted: number; readonly inserted: number }> {
    const sums = { matched: 0, deleted: 0, inserted: 0 }
    for (const slice of slices(writes)) {
      const result = await this.#write('bulkWrite', session, () =>
        this.#collection.bulkWrite([...slice], { ordered: true, ...sessionOf(session) }),
      )
      sums.matched += result.matchedCount
      sums.deleted += result.deletedCount
      sums.inserted += result.insertedCount
    }
    return sums
  }

  /** The plan that the server chose; for tests of query shapes. */
  async explain(query: Query, options: ReadOptions = {}): Promise<unknown> {
    const cursor = this.#collection.find(query as mongoose.mongo.Filter<mongoose.mongo.Document>, {
      ...(options.sort === undefined ? {} : { sort: options.sort }),
      ...(options.limit === undefined ? {} : { limit: options.limit }),
      ...(options.projection === undefined ? {} : { projection: options.projection }),
    })
    return cursor.explain('executionStats')
  }

  /** What is remembered is forgotten at once, and again when the transaction that wrote has ended. */
  async #write<T>(command: Command, session: Session | undefined, operation: () => Promise<T>): Promise<T> {
    try {
      return await this.#call(command, operation)
    } finally {
      const memory = this.#memory
      memory?.written()
      if (memory !== null && session !== undefined && !this.#writing.has(session)) {
        this.#writing.add(session)
        session.once('ended', () => memory.written())
      }
    }
  }

  #call<T>(command: Command, operation: () => Promise<T>): Promise<T> {
    const { calls, name } = this.#place
    return calls.run(command, name, callBudget, operation)
  }

  get #collection(): mongoose.mongo.Collection<mongoose.mongo.Document> {
    return this.#place.model.collection as unknown as mongoose.mongo.Collection<mongoose.mongo.Document>
  }

  #read(query: Query, options: ReadOptions & { readonly batchSize?: number }): mongoose.mongo.FindCursor {
    return this.#collection.find(query as mongoose.mongo.Filter<mongoose.mongo.Document>, {
      ...(options as mongoose.mongo.FindOptions),
      maxTimeMS: readBudget,
    })
  }
}

/** A write of one document: the update or the deletion of whatever matches, or an insertion. */
export type Write<Document> =
  | { readonly query: Query; readonly update: Update }
  | { readonly remove: Query }
  | { readonly insert: Document }

/** A collection whose documents belong to organizations. */
export class ScopedCollection<Document extends { readonly org: string }> {
  readonly #all: GlobalCollection<Document>

  constructor(place: Place, memory: Memory<Document> | null = null) {
    this.#all = new GlobalCollection<Document>(place, memory)
  }

  /** Across organizations: for background jobs and look-ups by an unguessable id only. */
  get everywhere(): GlobalCollection<Document> {
    return this.#all
  }

  findOne(org: string, query: Query, options?: ReadOptions): Promise<Document | null> {
    return this.#all.findOne(scope(org, query), options)
  }

  find(org: string, query: Query, options?: ReadOptions): Promise<readonly Document[]> {
    return this.#all.find(scope(org, query), options)
  }

  remembered(org: string, query: Query, options?: Omit<ReadOptions, 'session'>): Promise<readonly Document[]> {
    return this.#all.remembered(scope(org, query), options)
  }

  stream(org: string, query: Query, options?: ReadOptions & { readonly batchSize?: number }): AsyncGenerator<Document> {
    return this.#all.stream(scope(org, query), options)
  }

  count(org: string, query: Query, options?: { readonly limit?: number; readonly session?: Session }): Promise<number> {
    return this.#all.count(scope(org, query), options)
  }

  aggregate<Row extends object>(
    org: string,
    query: Query,
    pipeline: readonly Readonly<Record<string, unknown>>[],
    options?: AggregateOptions,
  ): Promise<readonly Row[]> {
    return this.#all.aggregate<Row>([{ $match: scope(org, query) }, ...pipeline], options)
  }

  insertOne(org: string, document: Document, session?: Session): Promise<void> {
    return this.#all.insertOne({ ...document, org }, session)
  }

  insertMany(org: string, documents: readonly Document[], session?: Session): Promise<void> {
    return this.#all.insertMany(
      documents.map((document) => ({ ...document, org })),
      session,
    )
  }

  insertEach(org: string, documents: readonly Document[]): Promise<ReadonlyMap<number, unknown>> {
    return this.#all.insertEach(documents.map((document) => ({ ...document, org })))
  }

  updateOne(org: string, query: Query, update: Update, session?: Session): Promise<boolean> {
    return this.#all.updateOne(scope(org, query), update, session)
  }

  updateMany(org: string, query: Query, update: Update | UpdatePipeline, session?: Session): Promise<number> {
    return this.#all.updateMany(scope(org, query), update, session)
  }

  findOneAndUpdate(org: string, query: Query, update: Update): Promise<Document | null> {
    return this.#all.findOneAndUpdate(scope(org, query), update)
  }

  findOneAndDelete(org: string, query: Query): Promise<Document | null> {
    return this.#all.findOneAndDelete(scope(org, query))
  }

  deleteOne(org: string, query: Query, session?: Session): Promise<boolean> {
    return this.#all.deleteOne(scope(org, query), session)
  }

  deleteMany(org: string, query: Query, session?: Session): Promise<number> {
    return this.#all.deleteMany(scope(org, query), session)
  }

  /** In their order, in one round trip for each stretch of equal kind. */
  bulkWrite(
    org: string,
    writes: readonly Write<Document>[],
    session?: Session,
  ): Promise<{ readonly matched: number; readonly deleted: number; readonly inserted: number }> {
    return this.#all.bulkWrite(
      writes.map((write) => {
        if ('insert' in write) return { insertOne: { document: { ...write.insert, org } } }
        if ('remove' in write) return { deleteOne: { filter: scope(org, write.remove) } }
        return { updateOne: { filter: scope(org, write.query), update: write.update } }
      }),
      session,
    )
  }

  explain(org: string, query: Query, options?: ReadOptions): Promise<unknown> {
    return this.#all.explain(scope(org, query), options)
  }
}

/** The query, joined to the organization. */
export function scope(org: string, query: Query): Query {
  if (typeof org !== 'string' || org === '') throw new TypeError('a query needs an organization')
  return { ...query, org }
}

/** What the driver is given at a time: it turns all of it into bytes at once, and nobody else has a turn meanwhile. */
function* slices<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += sliceLength) yield items.slice(start, start + sliceLength)
}

function sessionOf(session: Session | undefined): { session?: Session } {
  return session === undefined ? {} : { session }
}
