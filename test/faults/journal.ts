/** What was asked while something was wrong, and what was answered: the checker compares it with what is there. */

export type Kind = 'create' | 'patch' | 'member' | 'first login' | 'returning login'

/** One request. A request that was not answered for good is asked again: several attempts, one effect. */
export interface Attempt {
  readonly kind: Kind
  /** Milliseconds of `performance.now`. */
  readonly begun: number
  readonly ended: number
  /** Null when the connection broke instead of an answer. */
  readonly status: number | null
}

/** A login that was answered with its decision. */
export interface DecidedLogin {
  readonly subject: string
  readonly user: string
}

/** The log of one load. What is asked is noted before the request leaves, what is acknowledged after its answer. */
export class Journal {
  readonly attempts: Attempt[] = []
  /** What was answered that must not be. */
  readonly complaints: string[] = []
  /** Everybody who may be there, by userName. */
  readonly expected = new Set<string>()
  /** Everybody who must be there, by userName; the id where it was answered. */
  readonly created = new Map<string, string | null>()
  /** Each value that a PATCH named, with the user that it was for: every value is asked for once. */
  readonly named = new Map<string, string>()
  /** Those that were acknowledged. */
  readonly patched = new Set<string>()
  /** `{group} {user}`, asked for and acknowledged. */
  readonly wanted = new Set<string>()
  readonly joined = new Set<string>()
  /** Logins by the id of the decision. */
  readonly decided = new Map<string, DecidedLogin>()
  /** Logins that are not genuine at the moment, such as those by a clock that is wrong. */
  refused = 0

  get acknowledged(): number {
    return this.created.size + this.patched.size + this.joined.size + this.decided.size
  }
}
