/** Long work that is done step by step. */
import type { JsonObject } from '../../schema/types.ts'
import type { Scoped } from './scoped.ts'

export interface JobDocument extends Scoped {
  readonly _id: string
  readonly kind: string
  readonly state: 'pending' | 'running' | 'done' | 'failed'
  readonly input: JsonObject
  /** Where the next step goes on; null before the first step and after the last one. */
  readonly cursor?: JsonObject | null
  /** When the next step is due; absent: now. */
  readonly notBefore?: Date
  readonly progress: { readonly done: number; readonly total: number }
  readonly result?: JsonObject | null
  readonly error: string | null
  readonly created: Date
  readonly finishedAt: Date | null
  /** Set with its end. */
  readonly expiresAt?: Date
}
