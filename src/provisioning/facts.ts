/** What the steps of a decision hand on to one another. */
import type { Source } from '../context.ts'
import type { ErrorCode } from '../errors.ts'
import type { JsonValue, Resource, ResourceType } from '../schema/types.ts'
import type { ValuesReading } from './claims.ts'
import type { LoginEmail } from './email.ts'
import type { MappedValue } from './mapped-values.ts'
import type { JitSettings } from './settings.ts'
import type {
  ConnectionState,
  Hold,
  LoginOperation,
  Snapshot,
  StepName,
  TombstoneState,
  UserState,
  VerifiedLogin,
  Warning,
} from './types.ts'

/** Everything that a decision may look at. There is no clock in it: `now` is the time of the decision. */
export interface DecisionInput {
  /** The resource type of users. */
  readonly type: ResourceType
  readonly connection: ConnectionState
  readonly login: VerifiedLogin
  readonly snapshot: Snapshot
  readonly now: Date
}

/** Whom the login belongs to. */
export type Person =
  | { readonly kind: 'linked'; readonly user: UserState }
  /** Found by a rule: this login makes the first link. */
  | { readonly kind: 'matched'; readonly user: UserState }
  | { readonly kind: 'deleted'; readonly tombstone: TombstoneState }
  | { readonly kind: 'unknown' }

/** Groups or roles that this connection gives and takes. */
export interface GrantChanges {
  readonly add: readonly string[]
  readonly remove: readonly string[]
  /** Removals that were held back. */
  readonly held: readonly string[]
  /** Whether what is neither taken nor held is meant to stay; false where the claim that would say so is missing. */
  readonly told: boolean
}

export interface Facts extends DecisionInput {
  readonly settings: JitSettings
  /** `login:{connection}` */
  readonly source: Source
  readonly email: LoginEmail | null
  readonly subject: string | null
  readonly person: Person
  readonly mapped: readonly MappedValue[]
  readonly groupValues: ValuesReading | null
  readonly roleValues: ValuesReading | null
  /** Holds that the settings let this login lift. */
  readonly lifts: readonly Hold[]
  readonly invitation: { readonly id: string; readonly roles: readonly string[] } | null
  /** The attributes of the user after the login, with `userName` for a new one. */
  readonly resource: Resource
  readonly externalId: string | null
  readonly shadowed: readonly { readonly path: string; readonly value: JsonValue }[]
  readonly unapplied: readonly { readonly path: string; readonly value: JsonValue }[]
  readonly groups: GrantChanges
  readonly roles: GrantChanges
  readonly operations: readonly LoginOperation[]
}

export type StepResult =
  | {
      readonly result: 'refuse'
      readonly code: ErrorCode
      readonly detail: string
      /** Ids of the users in whom the reason lies. */
      readonly users?: readonly string[]
    }
  | {
      readonly result: 'pass' | 'skip'
      readonly detail: string
      /** What the step found out. */
      readonly facts?: Partial<Facts>
      readonly warnings?: readonly Warning[]
    }

/** One gate of the decision. Every login passes all of them in one order, until one refuses. */
export interface Step {
  readonly name: StepName
  readonly run: (facts: Facts) => StepResult
}

export function refuse(code: ErrorCode, detail: string, users: readonly string[] = []): StepResult {
  return { result: 'refuse', code, detail, users }
}

/** The user that the login belongs to; null for a person who has none. */
export function existingUser({ person }: Facts): UserState | null {
  return person.kind === 'linked' || person.kind === 'matched' ? person.user : null
}

/** Whether the connection writes at all, or would in mode `observe`. */
export function provisions({ settings }: Facts): boolean {
  return settings.mode !== 'off'
}

/** Whether the login makes a user, or would in mode `observe`. */
export function isCreation(facts: Facts): boolean {
  return provisions(facts) && existingUser(facts) === null
}

/** Whether nobody holds the user inactive. A lock keeps from signing in only. */
export function isActive(user: UserState): boolean {
  return user.holds.every(({ kind }) => kind === 'locked')
}
