/**
 * Reports that look along an index: page by page, each after a bounded number of rows, so that no request costs more
 * because the directory is larger. A page may be short, or empty, and still have a next one.
 */
import { UsherError } from '../errors.ts'

export interface Survey<Row, Item> {
  /** Up to `limit` rows in the order of their keys, from this key on, itself included; null: from the beginning. */
  readonly read: (from: string | null, limit: number) => Promise<readonly Row[]>
  /** Letters, digits and `: . -` only. */
  readonly keyOf: (row: Row) => string
  /** What is found at each of the rows, in an order that stays the same. */
  readonly find: (rows: readonly Row[]) => Promise<readonly (readonly Item[])[]>
}

export interface SurveyPage<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

/** Rows that are looked at together, and for one page at most. */
const batch = 200
const effort = 2_000

/** A row, and how much of what was found there has been given; null: all of it. */
interface Place {
  readonly key: string
  readonly given: number | null
}

/** @throws UsherError `invalid_cursor` */
export async function surveyPage<Row, Item>(
  survey: Survey<Row, Item>,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<SurveyPage<Item>> {
  const items: Item[] = []
  let place = cursor === undefined ? null : readCursor(cursor)
  for (let seen = 0; seen < effort; seen += batch) {
    const { rows, found } = await look(survey, place)
    for (const [index, row] of rows.entries()) {
      const key = survey.keyOf(row)
      for (const [at, item] of found[index]!.entries()) {
        if (isGiven(place, key, at)) continue
        if (items.length === limit) return { items, nextCursor: writeCursor({ key, given: at }) }
        items.push(item)
      }
    }
    if (rows.length < batch) return { items, nextCursor: null }
    place = { key: survey.keyOf(rows.at(-1)!), given: null }
  }
  return { items, nextCursor: place && writeCursor(place) }
}

/** Everything from the cursor on, as the consumer takes it. @throws UsherError `invalid_cursor` */
export async function* surveyAll<Row, Item>(
  survey: Survey<Row, Item>,
  cursor?: string,
): AsyncGenerator<readonly Item[]> {
  let place = cursor === undefined ? null : readCursor(cursor)
  for (;;) {
    const before = place
    const { rows, found } = await look(survey, before)
    yield rows.flatMap((row, index) => found[index]!.filter((_, at) => !isGiven(before, survey.keyOf(row), at)))
    if (rows.length < batch) return
    place = { key: survey.keyOf(rows.at(-1)!), given: null }
  }
}

async function look<Row, Item>(survey: Survey<Row, Item>, place: Place | null) {
  const rows = await survey.read(place?.key ?? null, batch)
  return { rows, found: rows.length === 0 ? [] : await survey.find(rows) }
}

function isGiven(place: Place | null, key: string, at: number): boolean {
  return place !== null && place.key === key && (place.given === null || at < place.given)
}

function writeCursor({ key, given }: Place): string {
  return Buffer.from(`${key}|${given ?? ''}`).toString('base64url')
}

function readCursor(cursor: string): Place {
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  const [, key, given] = /^([\w:.-]{1,128})\|(\d{0,6})$/.exec(text) ?? []
  if (key === undefined) throw new UsherError('invalid_cursor', 'The cursor is not one that this report has given.')
  return { key, given: given === '' ? null : Number(given) }
}
