/** What a model consists of. */
import mongoose from 'mongoose'

export const { Mixed } = mongoose.Schema.Types

/** How the value of a field is described: by its type, or as anything at all. */
type FieldType<Value> = [Value] extends [string]
  ? typeof String
  : [Value] extends [number]
    ? typeof Number
    : [Value] extends [boolean]
      ? typeof Boolean
      : [Value] extends [Date]
        ? typeof Date
        : typeof Mixed

export type IndexTable = readonly (readonly [
  keys: Record<string, 1 | -1>,
  options?: mongoose.mongo.CreateIndexesOptions,
])[]

/** The fields of a document, all of them and no others, and what of them is indexed. */
export interface ModelDefinition<Document> {
  readonly fields: { readonly [Field in keyof Document]-?: FieldType<NonNullable<Document[Field]>> }
  readonly indexes: IndexTable
}

/** Documents that go by themselves when their time is over. */
export const expires: IndexTable[number] = [{ expiresAt: 1 }, { expireAfterSeconds: 0 }]
export const unique: mongoose.mongo.CreateIndexesOptions = { unique: true }

/** Of an index that has those documents only in which the field is. */
export function having(field: string): mongoose.mongo.CreateIndexesOptions {
  return { partialFilterExpression: { [field]: { $exists: true } } }
}
