import type { Authenticated } from './types.ts'

export interface CachedCredential {
  readonly authenticated: Authenticated
  readonly expiresAt: Date | null
  readonly lastUsed: Date | null
}

/** How long a revocation in another process may go unnoticed here, in milliseconds. */
const lifetime = 10_000
const capacity = 10_000

/** What the credentials of recent requests stand for, by the hash of the token. One for each process. */
export class CredentialCache {
  readonly #entries = new Map<string, { credential: CachedCredential; readonly until: number }>()

  read(hash: string, now: Date): CachedCredential | null {
    const entry = this.#entries.get(hash)
    if (entry === undefined) return null
    const left = entry.until - now.getTime()
    // More than the whole is left when a clock that was fast has been set right.
    if (left > 0 && left <= lifetime) return entry.credential
    this.#entries.delete(hash)
    return null
  }

  write(hash: string, credential: CachedCredential, now: Date): void {
    // A map keeps the order of insertion: its first entry is the oldest.
    const oldest = this.#entries.keys().next().value
    if (this.#entries.size >= capacity && oldest !== undefined) this.#entries.delete(oldest)
    this.#entries.delete(hash)
    this.#entries.set(hash, { credential, until: now.getTime() + lifetime })
  }

  /** Notes that the use of a credential was recorded, so that it is not recorded again at once. */
  used(hash: string, at: Date): void {
    const entry = this.#entries.get(hash)
    if (entry !== undefined) entry.credential = { ...entry.credential, lastUsed: at }
  }

  /** Forgets everything: after a revocation, so that it holds in this process at once. */
  clear(): void {
    this.#entries.clear()
  }
}
