/** Bodies and queries: checked by their schemas, with every mistake named. */
import { z } from 'zod'
import { type FieldError, UsherError } from '../errors.ts'

/** @throws UsherError `validation_failed` with a path and a sentence for each mistake */
export function readWith<Schema extends z.ZodType>(schema: Schema, input: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  throw new UsherError('validation_failed', `The ${what} does not validate.`, { errors: mistakesOf(parsed.error) })
}

/** Every mistake with its path, which begins with `within` if it is given. */
export function mistakesOf({ issues }: z.ZodError, within?: string): readonly FieldError[] {
  return issues.flatMap((issue) => fieldErrors(issue, within === undefined ? [] : [within]))
}

function fieldErrors(issue: z.core.$ZodIssue, within: readonly string[]): readonly FieldError[] {
  const at = (path: readonly PropertyKey[]) => [...within, ...path.map(String)].join('.')
  if (issue.code !== 'unrecognized_keys') return [{ path: at(issue.path), message: issue.message }]
  return issue.keys.map((key) => ({ path: at([...issue.path, key]), message: 'This member is unknown.' }))
}

const defaultLimit = 100
const greatestLimit = 1_000

/** `cursor` and `limit` of a list. A limit beyond the greatest one counts as the greatest one. */
export const pageQuery = z.object({
  cursor: z.string().min(1).max(2_048).optional().describe('`nextCursor` of the page before.'),
  limit: z
    .string()
    .regex(/^\d{1,9}$/, 'This is no whole number.')
    .transform(Number)
    .refine((limit) => limit >= 1, 'A page has at least one item.')
    .transform((limit) => Math.min(limit, greatestLimit))
    .optional()
    .describe(`Items of a page, at most ${greatestLimit}; ${defaultLimit} when nothing is said.`),
})

/** The page that a query asks for. */
export function pageOf({ cursor, limit }: z.output<typeof pageQuery>) {
  return { cursor, limit: limit ?? defaultLimit }
}

/** A point in time with its zone (RFC 3339), as a date. */
export const timestamp = z.iso
  .datetime({ offset: true, message: 'This is no point in time such as 2030-01-31T12:00:00Z.' })
  .transform((text) => new Date(text))

/** A text that says something. */
export const name = z
  .string()
  .trim()
  .min(1)
  .max(256)
  .refine((text) => !/\p{Cc}/u.test(text), 'Control characters are not allowed.')
