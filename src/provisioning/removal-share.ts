/** A group to which the connection gives fewer members is exempt, since one person would be a large part of it. */
const exemptBelow = 20

/**
 * How many of the members that a connection had given to a group when the hour began it may take away within that hour;
 * infinite where nothing is held. A share of zero holds every removal, a share of one holds none.
 */
export function allowedRemovals(given: number, share: number): number {
  if (share === 0) return 0
  if (share >= 1 || given < exemptBelow) return Number.POSITIVE_INFINITY
  let allowed = Math.floor(given * share)
  // The quotient decides, not the product, which may be rounded the other way: 0.29 of 100 are 29.
  while ((allowed + 1) / given <= share) allowed += 1
  return allowed
}
