/** Logins: those under way, what was decided of each, and what they take from groups. */
import type { JsonObject, JsonValue } from '../../schema/types.ts'
import type { Scoped } from './scoped.ts'

export interface LoginTransactionDocument extends Scoped {
  /** SHA-256 of the state. */
  readonly _id: string
  readonly connection: string
  readonly nonce: string
  readonly verifier: string
  readonly returnTo: string | null
  /** SHA-256 of the browser's transaction cookie. */
  readonly browser: string
  readonly maxAge: number | null
  readonly expiresAt: Date
}

export interface DecisionDocument extends Scoped {
  readonly _id: string
  readonly reference: string
  readonly at: Date
  readonly connection: string
  readonly configVersion: number
  readonly outcome: string
  readonly code: string | null
  readonly subject: string | null
  readonly user: string | null
  readonly steps: readonly JsonObject[]
  readonly claims: readonly { readonly name: string; readonly type: string; readonly value?: JsonValue }[]
  readonly operations: readonly JsonObject[]
  readonly changes: readonly JsonObject[]
  readonly warnings: readonly JsonObject[]
  readonly heldRemovals: readonly { readonly group: string; readonly user: string }[]
  /** What the application was told, for the same token sent again. */
  readonly answer: JsonObject
  /** SHA-256 of connection and token: the same token has one decision. Absent for browser logins. */
  readonly tokenKey?: string
  readonly issuedAt: Date
  /** Set when the user was deleted: the recorded values are gone. */
  readonly erasedAt?: Date
  readonly expiresAt: Date
}

/** An hour in which a connection takes members from a group; its id names both. */
export interface RemovalWindowDocument extends Scoped {
  readonly _id: string
  readonly connection: string
  readonly group: string
  readonly start: Date
  /** Members that the connection had given when the hour began. */
  readonly given: number
  readonly removed: number
  readonly expiresAt: Date
}
