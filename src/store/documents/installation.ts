/** What all processes of an installation share, beyond organizations. */

/** What all processes together have admitted of one client within a slot of time. */
export interface RequestCountDocument {
  readonly _id: string
  readonly used: number
  readonly expiresAt: Date
}

export interface LeaseDocument {
  readonly _id: string
  readonly owner: string
  readonly until: Date
}

export interface SecretDocument {
  readonly _id: string
  readonly value: string
}

/** How far what is stored has been brought: the schema as a whole, and each migration by its name. */
export interface MigrationDocument {
  readonly _id: string
  readonly version: number
  readonly at: Date
  /** The rest is of migrations only. What it was done by besides the version. */
  readonly basis?: string
  readonly state?: 'running' | 'done'
  /** Who is at it: another run takes over by writing its own name. */
  readonly run?: string
  /** Where it goes on; null: at the beginning. */
  readonly place?: string | null
  readonly looked?: number
  readonly changed?: Readonly<Record<string, number>>
  /** Documents that could not be changed; they stay as they are. */
  readonly refused?: number
  /** When everything is to be looked at once more; absent: never. */
  readonly again?: Date
}
