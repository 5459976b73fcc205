/** Lists: what every page of one looks like. */
import { z } from 'zod'

/** The schema of a list of such items. */
export function listing(item: z.ZodType): z.ZodType {
  return z.object({ items: z.array(item), nextCursor: z.string().optional() })
}

/** A list of the directory in the form of this API: without a cursor on its last page. */
export function toListing({
  items,
  nextCursor,
}: {
  readonly items: readonly unknown[]
  readonly nextCursor: string | null
}) {
  return nextCursor === null ? { items } : { items, nextCursor }
}
