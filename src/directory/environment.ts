import { v7 } from 'uuid'
import type { RequestContext } from '../context.ts'
import type { SchemaRegistry } from '../schema/registry.ts'
import type { ResourceType } from '../schema/types.ts'
import type { Store } from '../store/store.ts'
import type { CreationCounts } from './creation-counts.ts'
import type { KeyedQueue } from './queue.ts'

/** What the directory works with. Passed to every function: nothing here is global. */
export interface DirectoryEnvironment {
  readonly store: Store
  readonly registry: SchemaRegistry
  readonly userType: ResourceType
  readonly groupType: ResourceType
  readonly queue: KeyedQueue
  readonly creationCounts: CreationCounts
  readonly reportFailure: (context: RequestContext, error: unknown) => void
}

/**
 * A new id: random, and ordered by time so that inserts stay at one end of the index. `place` orders ids of the same
 * moment.
 */
export function newId(now?: Date, place?: number): string {
  if (now === undefined) return v7()
  return v7({ msecs: now.getTime(), ...(place === undefined ? {} : { seq: place }) })
}

const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Whether a text can be an id at all; anything else is not looked up. */
export function isId(text: string): boolean {
  return uuidForm.test(text)
}

/** Milliseconds since the epoch that an id was made at. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}
