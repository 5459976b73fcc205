/** Compares what was acknowledged with what is there: nothing lost, nothing twice, nothing that nobody asked for. */
import assert from 'node:assert/strict'
import type { House } from '../blackbox/house.ts'
import { assertInvariants, everyItem, everyResource } from '../blackbox/invariants.ts'
import type { Answer, Service } from '../blackbox/usher.ts'
import type { Journal } from './journal.ts'
import type { LoadStage } from './load-stage.ts'

type Body = Answer['body']

/** How much was compared. */
export interface Checked {
  readonly users: number
  readonly decisions: number
  readonly changes: number
}

/** What is there in the end. */
export interface Found {
  readonly users: readonly Body[]
  readonly groups: readonly Body[]
  readonly changes: readonly Body[]
  readonly decisions: readonly Body[]
}

/**
 * To be called when nobody writes any more and everything was answered.
 * @throws AssertionError that names what is lost, twice, or there without a reason
 */
export async function assertKept(usher: Service, { house }: LoadStage, journal: Journal): Promise<Checked> {
  assertAnswers(journal)
  // Versions without gaps, unique names and links, edges on both sides, as many decisions as logins.
  await assertInvariants(usher, house, { decisions: journal.decided.size })
  const found = await readFound(usher, house)
  compare(journal, found)
  return { users: found.users.length, decisions: found.decisions.length, changes: found.changes.length }
}

export async function readFound(usher: Service, house: House): Promise<Found> {
  const [users, groups, changes, decisions] = await Promise.all([
    everyResource(usher, house, '/Users'),
    everyResource(usher, house, '/Groups'),
    everyItem(house, '/changes'),
    everyItem(house, '/decisions'),
  ])
  return { users, groups, changes, decisions }
}

/** @throws AssertionError that names what is lost, twice, or there without a reason */
export function compare(journal: Journal, { users, groups, changes, decisions }: Found): void {
  assertAnswers(journal)
  assertUsers(users, journal)
  assertValues(users, changes, journal)
  assertMembers(groups, journal)
  assertDecisions(decisions, journal)
  assertCreations([...users, ...groups], changes)
}

function assertAnswers({ complaints }: Journal): void {
  assert.deepEqual(complaints.slice(0, 10), [], `${complaints.length} answers are wrong`)
}

function assertUsers(users: readonly Body[], { created, expected }: Journal): void {
  const found = new Map<string, string>(users.map(({ userName, id }) => [userName, id]))
  for (const [userName, id] of created) {
    assert.ok(found.has(userName), `${userName} is lost`)
    if (id !== null) assert.equal(found.get(userName), id, `${userName} is another user than was answered`)
  }
  for (const userName of found.keys()) assert.ok(expected.has(userName), `nobody asked for ${userName}`)
}

/** Each value is there once, at the user it was for, by one change. */
function assertValues(users: readonly Body[], changes: readonly Body[], { named, patched }: Journal): void {
  const holders = new Map<string, string[]>()
  for (const { id, phoneNumbers = [] } of users) {
    for (const { value } of phoneNumbers) holders.set(value, [...(holders.get(value) ?? []), id])
  }
  for (const value of patched) assert.ok(holders.has(value), `${value} is lost`)
  for (const [value, ids] of holders) assert.deepEqual(ids, [named.get(value)], `${value} is where nobody asked for it`)
  const recorded = new Map<string, number>()
  for (const { operations } of changes) {
    for (const [value] of JSON.stringify(operations).matchAll(/value-n\d+/g)) {
      recorded.set(value, (recorded.get(value) ?? 0) + 1)
    }
  }
  for (const value of holders.keys()) assert.equal(recorded.get(value), 1, `changes that name ${value}`)
}

function assertMembers(groups: readonly Body[], { wanted, joined }: Journal): void {
  const edges = new Set<string>()
  for (const { id, members = [] } of groups) for (const { value } of members) edges.add(`${id} ${value}`)
  for (const edge of joined) assert.ok(edges.has(edge), `the membership ${edge} is lost`)
  for (const edge of edges) assert.ok(wanted.has(edge), `nobody asked for the membership ${edge}`)
}

function assertDecisions(decisions: readonly Body[], { decided }: Journal): void {
  const recorded = new Map<string, Body>(decisions.map((decision) => [decision.id, decision]))
  assert.equal(recorded.size, decisions.length, 'a decision is listed twice')
  assert.equal(recorded.size, decided.size, 'one decision for each login')
  for (const [id, { subject, user }] of decided) {
    const decision = recorded.get(id) ?? assert.fail(`the decision ${id} is lost`)
    assert.deepEqual([decision.subject, decision.user], [subject, user], `the decision ${id} is about another login`)
  }
}

function assertCreations(resources: readonly Body[], changes: readonly Body[]): void {
  const creations = changes.filter(({ action }) => action === 'create').map(({ resource }) => resource.id)
  const ids = resources.map(({ id }) => id)
  assert.deepEqual(creations.toSorted(), ids.toSorted(), 'exactly one record of the creation of each resource')
}
