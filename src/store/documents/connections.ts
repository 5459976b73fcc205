/** Connections to identity providers, and the versions of their JIT settings. */
import type { Source } from '../../context.ts'
import type { JsonObject } from '../../schema/types.ts'
import type { Scoped } from './scoped.ts'

export interface ConnectionDocument extends Scoped {
  readonly _id: string
  readonly name: string
  readonly type: 'oidc'
  readonly issuer: string
  readonly clientId: string
  /** Encrypted; null for a public client. */
  readonly clientSecret: string | null
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly enabled: boolean
  readonly scimClients: readonly string[] | null
  /** What was set explicitly; defaults are filled in when it is read. */
  readonly jit: JsonObject
  readonly jitVersion: number
  readonly version: number
  readonly created: Date
  /** Set while the connection is being deleted: it admits nobody any more. */
  readonly deleting: boolean
}

export interface JitVersionDocument extends Scoped {
  readonly _id: string
  readonly connection: string
  readonly version: number
  readonly settings: JsonObject
  readonly at: Date
  readonly actor: Source
}
