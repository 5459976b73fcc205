import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import mongoose from 'mongoose'
import { toMongo } from '../../src/filter/mongo.ts'
import { parseFilter } from '../../src/filter/parse.ts'
import { toPredicate } from '../../src/filter/predicate.ts'
import { printFilter } from '../../src/filter/print.ts'
import { resolveFilter } from '../../src/filter/resolve.ts'
import type { FilterNode } from '../../src/filter/types.ts'
import { toSearchForm } from '../../src/schema/search-form.ts'
import { seed as givenSeed, runs } from '../runs.ts'
import { resources, thing } from './directory.ts'
import { evaluate } from './naive-evaluator.ts'
import { strict } from './people.ts'
import { filters } from './random-filters.ts'

const uri = process.env.USHER_TEST_MONGODB_URI
const documentCount = 200
const filterCount = runs(750)
const seed = givenSeed ?? Date.now() % 2 ** 31

const connection = mongoose.createConnection()
const collection = () => connection.getClient().db().collection<{ _id: number }>('filter_agreement')
const population = fc.sample(resources, { seed, numRuns: documentCount })

before(async () => {
  assert.ok(uri, 'The tests of filters need a database: start them by "npm test", which sets USHER_TEST_MONGODB_URI.')
  await connection.openUri(uri)
  await collection().drop()
  await collection().insertMany(
    population.map((resource, index) => ({ _id: index, search: toSearchForm(thing, resource) })),
  )
})

after(async () => {
  if (connection.readyState === mongoose.ConnectionStates.connected) await collection().drop()
  await connection.close()
})

test(`P-2 the database, the predicate and an independent evaluator agree on every filter (seed ${seed})`, async () => {
  const sample = fc.sample(filters, { seed, numRuns: filterCount })
  let checks = 0
  let found = 0
  for (let start = 0; start < sample.length; start += 8) {
    const answers = await Promise.all(sample.slice(start, start + 8).map(compareThreeWays))
    for (const ids of answers) found += ids.length
    checks += answers.length * population.length
  }
  assert.ok(checks >= 100_000, `${checks} checks are too few`)
  // An agreement on nothing or on everything would prove nothing.
  assert.ok(found > checks * 0.2 && found < checks * 0.8, `${found} of ${checks} matched`)
})

async function compareThreeWays(node: FilterNode): Promise<readonly number[]> {
  const text = printFilter(node)
  const resolved = resolveFilter(thing, parseFilter(text), strict)
  const query = toMongo(resolved)
  const predicate = toPredicate(resolved)

  const expected = indexesWhere((resource) => evaluate(node, resource))
  const inMemory = indexesWhere(predicate)
  const documents = await collection()
    .find(query, { projection: { _id: 1 }, sort: { _id: 1 } })
    .toArray()
  const inDatabase = documents.map((document) => document._id)

  const message = `${text}\n${JSON.stringify(query)}\nseed ${seed}`
  assert.deepEqual(inMemory, expected, `the predicate differs: ${message}\n${firstDifference(inMemory, expected)}`)
  assert.deepEqual(inDatabase, expected, `the database differs: ${message}\n${firstDifference(inDatabase, expected)}`)
  return expected
}

function indexesWhere(test: (resource: (typeof population)[number]) => boolean): readonly number[] {
  return population.flatMap((resource, index) => (test(resource) ? [index] : []))
}

function firstDifference(actual: readonly number[], expected: readonly number[]): string {
  const [index] = [...new Set(actual).symmetricDifference(new Set(expected))]
  return index === undefined ? '' : JSON.stringify(population[index])
}
