import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { StoreConflict } from '../../src/store/store.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { unlessAlone } from './neighbour.ts'
import { group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

/** What a scrape shows, by the name of the metric and its labels as they are written. */
async function scrape(): Promise<ReadonlyMap<string, number>> {
  const { text } = await usher.call('GET', '/metrics')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

/** How much the figures have grown by what was done. */
async function growth(act: () => Promise<unknown>): Promise<(series: string) => number> {
  const before = await scrape()
  await act()
  const grown = await scrape()
  return (series) => (grown.get(series) ?? 0) - (before.get(series) ?? 0)
}

describe('counters of logins', { skip: unlessAlone('it counts what all organizations do') }, () => {
  it('count outcomes and refusals, and what is not genuine, which leaves no decision', async () => {
    const organization = await usher.organization()
    const connection = await organization.connection(provider)
    const claims = { sub: 'ann', email: `ann@${organization.domain}`, email_verified: true }
    const grown = await growth(async () => {
      assert.equal((await connection.login(claims)).body.outcome, 'created')
      assert.equal((await connection.login(claims)).body.outcome, 'unchanged')
      const stranger = await connection.login({ sub: 'eve', email: 'eve@elsewhere.example', email_verified: true })
      assert.equal(stranger.body.code, 'domain_not_allowed')
      const forged = await connection.login({ ...claims, aud: 'somebody-else' })
      assert.equal(forged.body.code, 'token_invalid')
    })
    for (const series of [
      'jit_logins_total{outcome="created"}',
      'jit_logins_total{outcome="unchanged"}',
      'jit_logins_total{outcome="refused"}',
      'jit_refused_total{code="domain_not_allowed"}',
      'jit_token_invalid_total{reason="audience"}',
    ]) {
      assert.equal(grown(series), 1, series)
    }
    assert.equal(grown('jit_duration_seconds_count{step="whole"}'), 3)
    assert.ok(grown('jit_duration_seconds_count{step="decide"}') >= 3)
    assert.ok(grown('jit_duration_seconds_count{step="write"}') >= 3)
    assert.equal((await organization.admin('GET', '/decisions')).items.length, 3)
  })

  it('count what is asked of an identity provider, by endpoint and how it ended, and the reads of its keys', async () => {
    const other = await TestProvider.start()
    const organization = await usher.organization()
    const grown = await growth(async () => {
      const connection = await organization.connection(other, { jit: { domains: 'any' } })
      assert.equal((await connection.login({ sub: 'ann', email: 'ann@example.org' })).status, 200)
      const refused = { issuer: other.issuer, name: 'x', type: 'oidc', clientId: 'x' }
      other.knobs.instead.discovery = (_request, response) => void response.writeHead(404).end()
      assert.equal((await organization.ask('POST', '/connections', refused)).status, 400)
      await other.close()
      assert.equal((await organization.ask('POST', '/connections', refused)).status, 400)
    })
    for (const [series, count] of [
      ['idp_requests_total{endpoint="discovery",outcome="answered"}', 2],
      ['idp_requests_total{endpoint="discovery",outcome="refused"}', 1],
      ['idp_requests_total{endpoint="discovery",outcome="failed"}', 1],
      ['idp_requests_total{endpoint="jwks",outcome="answered"}', 1],
      ['jwks_refresh_total', 1],
    ] as const) {
      assert.equal(grown(series), count, series)
    }
  })

  it('count races that a login has lost, and what was written again', async () => {
    const organization = await usher.organization()
    const connection = await organization.connection(provider)
    const token = await connection.token({ sub: 'ann', email: `ann@${organization.domain}`, email_verified: true })
    const { insertMany } = usher.store.changes
    const path = `/connections/${connection.id}/logins`
    const grown = await growth(async () => {
      let isFirst = true
      usher.store.changes.insertMany = async (...given) => {
        if (isFirst) {
          isFirst = false
          throw new StoreConflict(null)
        }
        return insertMany.apply(usher.store.changes, given)
      }
      assert.equal((await organization.ask('POST', path, { idToken: token })).body.outcome, 'created')
    })
    usher.store.changes.insertMany = insertMany
    assert.equal(grown('jit_race_lost_total'), 1)
    assert.equal(grown('transaction_retries_total{reason="write_conflict"}'), 1)
  })
})

describe('counters of SCIM', { skip: unlessAlone('it counts what all organizations do') }, () => {
  it('count the operations of PATCH by verb and resource type, those of a bulk too', async () => {
    const client = await (await usher.organization()).scimClient()
    const { id } = await client.must('POST', '/Users', user('ann'))
    const { id: crew } = await client.must('POST', '/Groups', group('Crew'))
    const patch = patchOp(
      { op: 'Replace', path: 'title', value: 'One' },
      { op: 'add', path: 'nickName', value: 'A' },
      { op: 'remove', path: 'title' },
    )
    const grown = await growth(async () => {
      await client.must('PATCH', `/Users/${id}`, patch)
      const joining = patchOp({ op: 'add', path: 'members', value: [{ value: id }] })
      await client.must('POST', '/Bulk', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations: [{ method: 'PATCH', path: `/Groups/${crew}`, data: joining }],
      })
      await client.call('PATCH', `/Users/${id}`, patchOp({ op: randomBytes(4).toString('hex'), path: 'title' }))
    })
    for (const op of ['replace', 'add', 'remove']) {
      assert.equal(grown(`scim_patch_ops_total{op="${op}",resource="User"}`), 1, op)
    }
    assert.equal(grown('scim_patch_ops_total{op="add",resource="Group"}'), 1)
  })
})

describe('figures of the database', { skip: unlessAlone('it counts what all organizations do') }, () => {
  it('tell how long calls took, and how the connections are used', async () => {
    const client = await (await usher.organization()).scimClient()
    const grown = await growth(() => client.must('POST', '/Users', user('ann')))
    // Background work may be under way at the same time.
    assert.ok(grown('mongo_command_duration_seconds_count{command="transaction"}') >= 1)
    assert.ok(grown('mongo_command_duration_seconds_count{command="bulkWrite"}') >= 1)
    for (;;) {
      const figures = await scrape()
      assert.equal(figures.get('mongo_pool_wait_queue'), 0)
      const used = figures.get('mongo_pool_checked_out')!
      assert.ok(used >= 0 && used <= 25, String(used))
      // A scrape asks the database itself, and background work may be under way.
      if (used <= 1) return
      await sleep(20)
    }
  })

  it('tell how far the feed is behind, which does not wait for somebody to read it', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    await usher.app.background.wake('feeds')
    await client.must('POST', '/Users', user('ann'))
    const backlog = () => usher.app.directory.feedBacklog(new Date(Date.now() + 60_000))
    const behind = await backlog()
    assert.ok(behind.unnumbered >= 1)
    assert.ok(behind.lag >= 59, String(behind.lag))
    await usher.app.background.wake('feeds')
    assert.deepEqual(await backlog(), { unnumbered: 0, lag: 0 })
    const figures = await scrape()
    assert.ok(figures.has('feed_unnumbered') && figures.has('feed_lag_seconds'))
    const walk = { sort: { org: 1, _id: 1 }, limit: 10 } as const
    const plan = await usher.store.changes.everywhere.explain({ unnumbered: true }, walk)
    assert.doesNotMatch(JSON.stringify(plan), /COLLSCAN|"SORT"/)
  })
})

describe('labels', { skip: unlessAlone('it compares what all organizations do') }, () => {
  it('row 138 a metric label flood: whatever is sent, the label set is bounded', async () => {
    const organization = await usher.organization()
    const [client, connection] = [await organization.scimClient(), await organization.connection(provider)]
    const { id } = await client.must('POST', '/Users', user('ann'))
    const sent: string[] = []
    const any = () => {
      sent.push(randomBytes(6).toString('hex'))
      return sent.at(-1)!
    }
    const flood = async () => {
      for (let n = 0; n < 15; n += 1) {
        await client.call('PATCH', `/Users/${id}`, patchOp({ op: any(), path: any(), value: any() }))
        await client.call('PATCH', `/${any()}/${any()}`, patchOp({ op: 'add', path: any(), value: any() }))
        await client.call('GET', `/Users?filter=${any()}%20eq%20${any()}&sortBy=${any()}`)
        await client.call('POST', '/Users', { ...user(any()), [any()]: any() })
        await connection.login({ sub: any(), email: `${any()}@${any()}.example`, [any()]: any() })
        await connection.login({ sub: any(), aud: any() }, { nonce: any() })
        await usher.call(n % 2 === 0 ? 'PUT' : 'PROPFIND', `/${any()}/${any()}`, { headers: { 'x-request-id': any() } })
      }
      return new Set((await scrape()).keys())
    }
    const first = await flood()
    const second = await flood()
    // A few may come besides, such as a kind of garbage collection that had not been seen yet.
    assert.ok(second.size - first.size < sent.length / 4, `${second.size - first.size} more`)
    const text = [...second].join('\n')
    for (const name of [organization.slug, id, client.id, connection.id, ...sent]) {
      assert.equal(text.includes(name), false, name)
    }
  })
})
