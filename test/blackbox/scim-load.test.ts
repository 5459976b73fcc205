import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failpoint } from '../faults/failpoint.ts'
import { bulkUrn, postUser } from './bulking.ts'
import { list, numbered, people, pick, query } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { startUsher } from './usher.ts'

const usher = await startUsher()
const failpoint = new Failpoint(usher.home.database, usher.appName)

describe('more than is good', () => {
  it('row 47 a query that exhausts its time in the database is 400 tooMany, and the next one is served', async () => {
    const client = await (await usher.organization()).scimClient()
    await people(client, ['ann'])
    const filter = 'title co "x"'
    const maxTimeExpired = 50
    // The credential and the organization are known already: what is asked now is the query.
    await list(client, '/Users')
    await failpoint.on(['find', 'aggregate'], { errorCode: maxTimeExpired })
    const answer = await query(client, '/Users', { filter, sortBy: 'userName' })
    await failpoint.off()
    assertScimError(answer, 400, 'tooMany')
    assert.equal((await list(client, '/Users', { filter })).totalResults, 0)
  })

  it('row 48 of 200 expensive filters at once some are 429 with Retry-After; other organizations are served', async () => {
    const client = await (await usher.organization()).scimClient()
    const other = await (await usher.organization()).scimClient()
    await people(client, numbered('person', 20))
    await people(other, ['ann'])
    const flood = Promise.all(
      Array.from({ length: 200 }, () => query(client, '/Users', { filter: 'userName co "son"' })),
    )
    const served = await Promise.all(
      Array.from({ length: 20 }, () => query(other, '/Users', { filter: 'userName co "nn"' })),
    )
    assert.ok(served.every(({ status }) => status === 200))
    for (const answer of await flood) {
      if (answer.status === 200) assert.equal(answer.body.totalResults, 20)
      else {
        assertScimError(answer, 429)
        assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
      }
    }
    assert.equal((await list(client, '/Users', { filter: 'userName co "son"' })).totalResults, 20)
    assert.equal((await list(client, '/Users', { filter: 'userName sw "per"' })).totalResults, 20)
  })

  it('R226 row 87 what a bulk has done stays when the client goes away, and is recorded', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const operations = numbered('person', 150).map((name) => postUser(name, name))
    const { hostname, port } = new URL(usher.url)
    const outgoing = request({
      hostname,
      port,
      method: 'POST',
      path: `/scim/v2/${organization.slug}/Bulk`,
      headers: { authorization: `Bearer ${client.token}`, 'content-type': 'application/scim+json' },
    })
    outgoing.on('error', () => {})
    outgoing.end(JSON.stringify({ schemas: [bulkUrn], Operations: operations }))
    const total = async () => (await list(client, '/Users', { count: 0 })).totalResults as number
    while ((await total()) < 5) await sleep(5)
    outgoing.destroy()
    // Operations that had begun may still end, and on a busy machine that takes a while.
    for (let recorded = -1; ; await sleep(100)) {
      const names = pick(await list(client, '/Users', { count: 1_000, sortBy: 'userName' }), 'userName')
      assert.deepEqual(names, numbered('person', 150).slice(0, names.length))
      const before = recorded
      recorded = (await organization.admin('GET', '/changes?limit=1000')).items.length
      assert.ok(recorded >= names.length, `${recorded} records of ${names.length} users`)
      if (before === recorded && recorded === names.length) break
    }
  })
})
