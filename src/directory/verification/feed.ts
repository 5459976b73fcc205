/** The numbers of the feed of changes, and the chain that its records make. */
import type { ChangeDocument, FeedDocument } from '../../store/documents.ts'
import { chainOf } from '../chain.ts'
import type { DirectoryEnvironment } from '../environment.ts'
import { numberChanges, readHead } from '../feed.ts'
import type { Look, Stage, Violation } from './stage.ts'

const pageSize = 500
const batchSize = 50

/** The record that the next one follows; `chain` null where records are not chained yet. */
interface Place {
  readonly seq: number
  readonly chain: string | null
}

export const feed: Stage = async (environment, { organization }, place) => {
  const { store } = environment
  const org = organization.id
  if (place === null) await numberChanges(environment, org)
  const head = await readHead(environment, org)
  const begin = await readBegin(environment, org, head)
  const before = (place as Place | null) ?? begin
  // Old records were removed meanwhile: it goes on where the feed begins now.
  if (before.seq < begin.seq) return { looked: 0, violations: [], next: { ...begin } }
  // One by one: a record may hold thousands of members.
  const page = store.changes.stream(org, { seq: { $gt: before.seq } }, { sort: { seq: 1 }, limit: pageSize, batchSize })
  const look = await follow(before, head, page)
  if (look.violations.length === 0) return look
  const now = await readBegin(environment, org, await readHead(environment, org))
  return now.seq > before.seq ? { looked: 0, violations: [], next: { ...now } } : look
}

/** In front of the first record: what was removed by retention is not missed. */
async function readBegin({ store }: DirectoryEnvironment, org: string, { anchor }: FeedDocument): Promise<Place> {
  const organization = await store.organizations.findOne({ _id: org }, { projection: { changesRemovedTo: 1 } })
  const removedTo = organization?.changesRemovedTo ?? 0
  return anchor.seq <= removedTo ? anchor : { seq: removedTo, chain: null }
}

async function follow(
  before: Place,
  { seq: end, anchor }: FeedDocument,
  page: AsyncIterable<ChangeDocument>,
): Promise<Look> {
  const violations: Violation[] = []
  let { seq, chain } = before
  let looked = 0
  for await (const change of page) {
    looked += 1
    const number = change.seq!
    if (number !== seq + 1) {
      violations.push({ rule: 'numbers', subject: missing(seq + 1, number - 1), detail: 'It was removed.' })
    }
    if (seq === anchor.seq) chain = anchor.chain
    if (number > anchor.seq && chain !== null && number === seq + 1 && chainOf(chain, change) !== change.chain) {
      const detail = 'It is not as it was when it got its number, or not what followed the record before it.'
      violations.push({ rule: 'chain', subject: `change ${number}`, detail })
    }
    seq = number
    chain = change.chain ?? null
  }
  if (looked === pageSize) return { looked, violations, next: { seq, chain } }
  if (seq < end) violations.push({ rule: 'numbers', subject: missing(seq + 1, end), detail: 'It was removed.' })
  return { looked, violations, next: null }
}

function missing(first: number, last: number): string {
  return first === last ? `change ${first}` : `changes ${first} to ${last}`
}
