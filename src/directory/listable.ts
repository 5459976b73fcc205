/** Where the resources of a type are kept. */
import type { MongoQuery } from '../filter/types.ts'
import type { ResourceType } from '../schema/types.ts'
import type { ResourceDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'

/** What a list needs of a collection. */
export interface Listable {
  find(org: string, query: MongoQuery, options: object): Promise<readonly ResourceDocument[]>
  count(org: string, query: MongoQuery, options?: { readonly limit?: number }): Promise<number>
}

export function collectionOf({ store }: DirectoryEnvironment, type: ResourceType): Listable {
  if (type.name === 'User') return store.users
  return type.name === 'Group' ? store.groups : store.resources
}

/** A query on the resources of one type: those that documents alone describe share a collection. */
export function typeQuery(type: ResourceType, query: MongoQuery): MongoQuery {
  return hasOwnCollection(type) ? query : { $and: [{ type: type.name }, query] }
}

export function hasOwnCollection({ name }: ResourceType): boolean {
  return name === 'User' || name === 'Group'
}
