/** What a relink is asked for, and how far it is. */
import type { ConnectionState } from '../provisioning/types.ts'
import type { JsonObject } from '../schema/types.ts'

/** A person by the user or by the subject at the old connection, and the subject at the new one. */
export type RelinkPair =
  | { readonly user: string; readonly newSubject: string }
  | { readonly oldSubject: string; readonly newSubject: string }

/** What a person is called at the new connection. */
export type RelinkBy =
  | { readonly attribute: 'subject' | 'externalId' | 'email' }
  /** A claim that the decision of the person's last login at the old connection has recorded. */
  | { readonly claim: string }
  | { readonly pairs: readonly RelinkPair[] }

export interface RelinkOrder {
  readonly job: string
  /** The old connection. */
  readonly from: string
  readonly to: Pick<ConnectionState, 'id' | 'issuer' | 'scimClients'> & {
    readonly neverLink: ConnectionState['settings']['neverLink']
  }
  readonly by: RelinkBy
  /** When the old links end; null: as soon as there are new ones. */
  readonly until: Date | null
  /** Whether nothing is written. */
  readonly dryRun: boolean
}

/** Where a relink goes on. */
export interface RelinkPlace {
  readonly phase: 'plan' | 'move'
  readonly after: string
}

export interface RelinkProgress {
  readonly place: RelinkPlace
  /** How many people this step has come to a verdict on. */
  readonly judged: number
  /** Counts and samples, when all is done. */
  readonly result: JsonObject | null
}
