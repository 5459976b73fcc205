import { v7 } from 'uuid'
import type { RequestContext } from '../context.ts'
import type { SchemaRegistry } from '../schema/registry.ts'
import type { ResourceType } from '../schema/types.ts'
import type { Store } from '../store/store.ts'
import type { CreationCounts } from './creation-counts.ts'
import type { Gathering } from './gathering.ts'
import type { RecordedLogin } from './insert-decision.ts'
import type { PointReads } from './point-reads.ts'
import type { KeyedQueue } from './queue.ts'
import type { Totals } from './totals.ts'
import type { Plan } from './write-plans.ts'

/** Told of what writing costs; for counters. */
export interface DirectoryObserver {
  /** A change is planned again because somebody else's came first. */
  readonly onRetry: (reason: 'write_conflict' | 'duplicate_key') => void
  /** A login is decided again for that reason. */
  readonly onLostRace: () => void
  /** Deciding on a login, and writing what was decided, took so many seconds. */
  readonly onArrival: (step: 'decide' | 'write', seconds: number) => void
}

/** What the directory works with. Passed to every function: nothing here is global. */
export interface DirectoryEnvironment {
  readonly store: Store
  readonly registry: SchemaRegistry
  readonly userType: ResourceType
  readonly groupType: ResourceType
  readonly queue: KeyedQueue
  readonly reads: PointReads
  readonly commits: Gathering<Plan>
  readonly records: Gathering<RecordedLogin>
  readonly creationCounts: CreationCounts
  readonly totals: Totals
  readonly reportFailure: (context: RequestContext, error: unknown) => void
  readonly observer?: DirectoryObserver
  /** Told when a deletion has left more than goes at once: it is time for `sweepMemberships`. */
  readonly onLeftover?: () => void
}

/** Does a step of a login and tells how long it took. */
export async function timed<T>(
  { observer }: Pick<DirectoryEnvironment, 'observer'>,
  step: 'decide' | 'write',
  work: () => Promise<T>,
): Promise<T> {
  const began = performance.now()
  try {
    return await work()
  } finally {
    observer?.onArrival(step, (performance.now() - began) / 1_000)
  }
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
