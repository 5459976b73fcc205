/**
 * A token bucket as one number: the time at which everything that was admitted is paid for (the generic cell rate
 * algorithm of ITU-T I.371). Nothing has to be filled up in the meantime.
 */
export interface Pace {
  /** How many a second on average. */
  readonly rate: number
  /** How many at once after a rest. */
  readonly burst: number
}

export interface Admission {
  /** Milliseconds to wait before it is done. */
  readonly wait: number
  /** The new `paidAt`. */
  readonly paidAt: number
}

/**
 * When something of this cost may be done.
 *
 * @param paidAt what the last admission gave, or 0
 * @param now milliseconds of a clock that only goes forward
 */
export function admission({ rate, burst }: Pace, paidAt: number, now: number, cost: number): Admission {
  const perPiece = 1_000 / rate
  const next = Math.max(paidAt, now) + cost * perPiece
  return { wait: Math.max(0, next - now - burst * perPiece), paidAt: next }
}
