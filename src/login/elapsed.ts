/**
 * Milliseconds between two moments, whichever of them the clock says was first. A clock that was fast and has been set
 * right makes what it read come from the future: that is as old as it is far away, and not new for as long.
 */
export function elapsed(now: number, then: number): number {
  return Math.abs(now - then)
}
