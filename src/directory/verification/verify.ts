/** Goes through a directory and names what does not hold that always should, a stretch at a time. */
import type { RequestContext } from '../../context.ts'
import type { JsonObject } from '../../schema/types.ts'
import type { DirectoryEnvironment } from '../environment.ts'
import { readHead } from '../feed.ts'
import { countSeats } from '../seats.ts'
import { links, memberships } from './edges.ts'
import { feed } from './feed.ts'
import { histories } from './histories.ts'
import { groups, resources, users } from './resources.ts'
import type { Stage, Violation } from './stage.ts'

/** How far a verification has come, and what it has found; plain JSON, to be kept between two steps. */
export interface VerificationPlace {
  readonly stage: string
  readonly after: JsonObject | null
  readonly looked: Readonly<Record<string, number>>
  readonly violations: readonly Violation[]
  /** All of them; only the first ones are named. */
  readonly violated: number
}

export interface VerificationStep {
  readonly done: number
  /** Null at the end. */
  readonly place: VerificationPlace | null
  /** At the end: what it has come to. */
  readonly result: JsonObject | null
}

/** Violations that are named one by one. */
const named = 100

const indexes: Stage = async ({ store }) => {
  const missing = await store.missingIndexes()
  const violations = missing.map((index) => ({
    rule: 'indexes' as const,
    subject: index,
    detail: 'The index is missing. It is made at the next start, if what is stored allows it.',
  }))
  return { looked: 0, violations, next: null }
}

/** In one snapshot, so that nobody takes a seat between the two looks. */
const seats: Stage = async (environment, { organization: { id: org, seatLimit } }) => {
  const { store } = environment
  const counted = await store.transaction(async (session) => {
    const counter = await store.seats.findOne(org, { _id: org }, { session })
    return counter === null ? null : { used: counter.used, active: await countSeats(environment, org, session) }
  })
  if (seatLimit === null || counted === null || counted.used === counted.active) {
    return { looked: counted === null ? 0 : 1, violations: [], next: null }
  }
  const { used, active } = counted
  const detail = `The counter says ${used}, and ${active} users are active. Setting seatLimit counts anew.`
  return { looked: 1, violations: [{ rule: 'seats', subject: 'seats', detail }], next: null }
}

const stages: Readonly<Record<string, Stage>> = {
  indexes,
  users,
  groups,
  resources,
  memberships,
  links,
  changes: feed,
  histories,
  seats,
}
const order = Object.keys(stages)

/** See `Directory.verify`. */
export async function verify(
  environment: DirectoryEnvironment,
  context: RequestContext,
  place: VerificationPlace | null,
): Promise<VerificationStep> {
  const { stage, after, ...so } = place ?? { stage: order[0]!, after: null, looked: {}, violations: [], violated: 0 }
  const look = await stages[stage]!(environment, context, after)
  const next: Omit<VerificationPlace, 'stage' | 'after'> = {
    looked: { ...so.looked, [stage]: (so.looked[stage] ?? 0) + look.looked },
    violations: [...so.violations, ...look.violations].slice(0, named),
    violated: so.violated + look.violations.length,
  }
  const done = Object.values(next.looked).reduce((sum, count) => sum + count, 0)
  if (look.next !== null) return { done, place: { ...next, stage, after: look.next }, result: null }
  const following = order[order.indexOf(stage) + 1]
  if (following !== undefined) return { done, place: { ...next, stage: following, after: null }, result: null }
  const { seq, chain } = await readHead(environment, context.organization.id)
  const { users = 0, groups = 0, resources = 0, memberships = 0, links = 0, changes = 0 } = next.looked
  const result = {
    organization: context.organization.slug,
    ok: next.violated === 0,
    looked: { users, groups, resources, memberships, links, changes },
    feed: { seq, chain },
    violated: next.violated,
    violations: next.violations as unknown as readonly JsonObject[],
  }
  return { done, place: null, result }
}
