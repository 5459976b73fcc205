import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, buildTeam } from './house.ts'
import { startUsher } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const team = () => buildTeam(usher, provider)
const member = { teams: ['team'], jobs: ['lead'] }

describe('f9 the list of decisions', () => {
  it('f9 is filtered by connection, user, outcome, code and time, newest first, page by page', async () => {
    const home = await team()
    const other = await home.organization.connection(provider)
    const ann = await home.connection.login(home.person('ann'))
    await home.connection.login(home.person('ann'))
    await home.connection.login(home.person('bob', { email: 'bob@x.example' }))
    const since = new Date().toISOString()
    await other.login(home.person('cat'))
    const list = async (query: string) => {
      const { items } = await home.organization.admin('GET', `/decisions?${query}`)
      return items.map(({ outcome }: { outcome: string }) => outcome)
    }
    assert.deepEqual(await list(''), ['created', 'refused', 'unchanged', 'created'])
    assert.deepEqual(await list(`connection=${home.connection.id}`), ['refused', 'unchanged', 'created'])
    assert.deepEqual(await list(`user=${ann.body.user.id}`), ['unchanged', 'created'])
    assert.deepEqual(await list('outcome=refused'), ['refused'])
    assert.deepEqual(await list('code=domain_not_allowed'), ['refused'])
    assert.deepEqual(await list('code=user_locked'), [])
    assert.deepEqual(await list(`since=${encodeURIComponent(since)}`), ['created'])
    const paged: string[] = []
    for (let cursor = ''; ; ) {
      const page = await home.organization.admin('GET', `/decisions?limit=1${cursor}`)
      paged.push(...page.items.map(({ outcome }: { outcome: string }) => outcome))
      if (page.nextCursor == null) break
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`
    }
    assert.deepEqual(paged, await list(''))
    const foreign = await buildHouse(usher, provider)
    assert.equal((await foreign.organization.ask('GET', `/decisions/${ann.body.decisionId}`)).status, 404)
  })
})

describe('f5 provenance and O10 changes', () => {
  it('f5 says of every attribute, membership and role which source gave it, and by which decision', async () => {
    const home = await team()
    const { body } = await home.connection.login(home.person('ann', member))
    const { attributes, groups, roles, identities } = await home.provenance(body.user.id)
    const source = `login:${home.connection.id}`
    for (const each of attributes) {
      assert.deepEqual([each.source, each.decisionId, each.shadowed], [source, body.decisionId, []], each.path)
    }
    const paths = attributes.map(({ path }: { path: string }) => path).sort()
    assert.deepEqual(paths, ['emails[type eq "work"]', 'name.familyName', 'name.givenName', 'userName'])
    assert.deepEqual(groups, [{ value: home.team, display: 'Team', sources: [source] }])
    assert.deepEqual(
      roles.toSorted((a: { value: string }, b: { value: string }) => a.value.localeCompare(b.value)),
      [
        { value: 'manager', sources: [source] },
        { value: 'member', sources: ['default'] },
      ],
    )
    const [{ id: _, linkedAt, lastLogin, ...identity }] = identities
    assert.deepEqual(identity, { connection: home.connection.id, issuer: provider.issuer, subject: 'ann-subject' })
    assert.equal(linkedAt, lastLogin)
  })

  it('O10 f1 a login is in the changes with its decision; a refusal and an unchanged one are not', async () => {
    const home = await team()
    const before = (await home.changes()).length
    const { body } = await home.connection.login(home.person('ann', member))
    await home.connection.login(home.person('ann', member))
    await home.connection.login(home.person('bob', { email: 'bob@x.example' }))
    const changes = (await home.changes()).slice(before)
    assert.deepEqual(
      changes.map(({ resource, action }) => [resource.type, resource.id, resource.version, action]),
      [
        ['User', body.user.id, 1, 'create'],
        ['Group', home.team, null, changes[1].action],
      ],
    )
    for (const { actor, decisionId } of changes) {
      assert.deepEqual([actor, decisionId], [`login:${home.connection.id}`, body.decisionId])
    }
    assert.ok(!JSON.stringify(changes).includes('eyJ'), 'no token')
  })

  it('row 122 the same login again and again writes nothing to the user: no version, no change; one decision each', async () => {
    const home = await team()
    const claims = home.person('ann', member)
    const { body } = await home.connection.login(claims)
    const before = [(await home.user(body.user.id)).meta, await home.changes(), await home.provenance(body.user.id)]
    const answers = await Promise.all(Array.from({ length: 40 }, () => home.connection.login(claims)))
    for (const answer of answers) assert.equal(answer.body.outcome, 'unchanged', answer.text)
    assert.equal(new Set(answers.map((answer) => answer.body.decisionId)).size, 40)
    const [meta, changes, { identities: _, ...provenance }] = [
      (await home.user(body.user.id)).meta,
      await home.changes(),
      await home.provenance(body.user.id),
    ]
    const { identities: __, ...provenanceBefore } = before[2]
    assert.deepEqual([meta, changes, provenance], [before[0], before[1], provenanceBefore])
    const { items } = await home.organization.admin('GET', `/decisions?user=${body.user.id}&limit=100`)
    assert.equal(items.length, 41)
  })
})
