import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, buildTeam, verdict } from './house.ts'
import { startUsher } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const stepNames = [
  'connection',
  'identity',
  'claims',
  'match',
  'lifecycle',
  'domain',
  'attributes',
  'groups',
  'roles',
  'seats',
  'operations',
]
const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error'

interface Operation {
  readonly method: string
  readonly path: string
  readonly bulkId?: string
  readonly data: { readonly Operations?: readonly unknown[] }
}

const team = () => buildTeam(usher, provider)
const member = { teams: ['team'], jobs: ['lead'] }

describe('A26 the answer of a login', () => {
  it('A21 A25 A26 L8c f9 has the outcome, the decision, the user as SCIM shows it, without a password, roles, groups and warnings', async () => {
    const home = await team()
    const { status, body, headers } = await home.connection.login(home.person('ann', member))
    assert.equal(status, 200)
    assert.match(headers.get('content-type') ?? '', /^application\/json/)
    assert.equal(headers.get('cache-control'), 'no-store')
    const { user, decisionId, reference, ...rest } = body
    assert.deepEqual(rest, {
      outcome: 'created',
      organization: home.organization.slug,
      roles: user.roles.map(({ value }: { value: string }) => value),
      groups: [{ value: home.team, display: 'Team' }],
      profile: null,
      warnings: [],
    })
    assert.deepEqual(rest.roles.toSorted(), ['manager', 'member'])
    assert.match(reference, /^[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$/)
    assert.equal((await home.organization.admin('GET', `/decisions/${reference.toLowerCase()}`)).id, decisionId)
    assert.deepEqual(user, await home.user(user.id))
    const [{ data }] = (await home.organization.admin('GET', `/decisions/${decisionId}`)).operations
    assert.ok('userName' in data && !('password' in data))
  })

  it('A2 L9 a refusal is a problem document with code, decision and reference, and nothing of the person', async () => {
    const home = await team()
    const { status, body, headers } = await home.connection.login(home.person('ann', { email: 'ann@x.example' }))
    assert.equal(status, 403)
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
    assert.equal(body.code, 'domain_not_allowed')
    assert.equal(body.status, 403)
    const decision = await home.organization.admin('GET', `/decisions/${body.decisionId}`)
    assert.equal(decision.reference, body.reference)
    assert.deepEqual([decision.operations, decision.changes, decision.user], [[], [], null])
    assert.equal(decision.steps.at(-1).code, 'domain_not_allowed')
    assert.equal(decision.steps.at(-1).step, 'domain')
  })

  it('P5 row 97 the same token gives the recorded answer, without a second evaluation', async () => {
    const home = await team()
    const token = await home.connection.token(home.person('ann'))
    const first = await home.hand(token)
    await home.connection.jit({ claimFilter: [{ claim: 'nobody', operator: 'present' }] })
    const again = await home.hand(token)
    assert.deepEqual([again.status, again.body], [200, first.body])
    assert.equal((await home.organization.admin('GET', '/decisions')).items.length, 1)
    const refused = await home.connection.token(home.person('bob'))
    const one = await home.hand(refused)
    await home.connection.jit({})
    const two = await home.hand(refused)
    assert.deepEqual(
      [two.status, two.body.code, two.body.decisionId],
      [403, 'claim_filter_failed', one.body.decisionId],
    )
  })

  it('P5 row 97 the same token twice at once is decided once', async () => {
    const home = await team()
    const token = await home.connection.token(home.person('ann'))
    const answers = await Promise.all(Array.from({ length: 10 }, () => home.hand(token)))
    for (const { status, body } of answers) assert.deepEqual([status, body], [200, answers[0]!.body])
    assert.equal((await home.organization.admin('GET', '/decisions')).items.length, 1)
  })

  it('P6 row 107 userInfo adds claims, its sub must be the same, and the ID token wins', async () => {
    const home = await team()
    const ask = async (userInfo: object) =>
      home.connection.login(home.person('ann'), { userInfo: { sub: 'ann-subject', ...userInfo } })
    const { body } = await ask({ given_name: 'Other', nickname: 'Annie' })
    assert.deepEqual([body.user.name.givenName, body.user.nickName], ['ann', 'Annie'])
    assert.equal(verdict(await ask({ sub: 'bob' })), 'token_invalid')
    assert.equal(verdict(await ask({ sub: undefined })), 'token_invalid')
  })
})

describe('f9 the decision document', () => {
  it('f1 O3 O4 has every member, the steps in their order, and values of mapped claims only', async () => {
    const home = await team()
    const claims = home.person('ann', { ...member, secret: 'hush', tid: 'tenant', iat: Math.floor(Date.now() / 1000) })
    const answer = await home.connection.login(claims)
    const decision = await home.decision(answer)
    assert.deepEqual(
      decision.steps.map(({ step }: { step: string }) => step),
      stepNames,
    )
    for (const { result, detail } of decision.steps) {
      assert.match(result, /^(pass|skip|refuse|warn)$/)
      assert.ok(detail.length > 0)
    }
    assert.equal(decision.subject, 'ann-subject')
    assert.equal(decision.connection, home.connection.id)
    assert.equal(decision.configVersion, 2)
    assert.equal(decision.user, answer.body.user.id)
    assert.deepEqual(decision.claims.given_name, { type: 'string', value: 'ann' })
    assert.deepEqual(decision.claims.email_verified, { type: 'boolean', value: true })
    assert.deepEqual(decision.claims.teams, { type: 'array', value: ['team'] })
    assert.deepEqual(decision.claims.tid, { type: 'string', value: 'tenant' })
    assert.deepEqual(decision.claims.secret, { type: 'string' })
    assert.deepEqual(decision.claims.iat, { type: 'number' })
    assert.ok(!JSON.stringify(decision).includes('hush'))
    const given = decision.changes.find(({ path }: { path: string }) => path === 'name.givenName')
    const source = `login:${home.connection.id}`
    assert.deepEqual(given, { path: 'name.givenName', before: null, after: 'ann', source })
  })

  it('f1 the operations of a first login are a BulkRequest as it stands: a SCIM client gets the same user by it', async () => {
    const home = await team()
    const { operations } = await home.organization.admin('POST', `${home.path}/simulations`, {
      claims: home.person('ann', member),
    })
    assert.deepEqual(
      operations.map(({ method, path }: Operation) => `${method} ${path}`),
      ['POST /Users', `PATCH /Groups/${home.team}`],
    )
    const bulk = await home.scim.must('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      failOnErrors: 1,
      Operations: operations.map((operation: Operation, index: number) => ({ bulkId: `b${index}`, ...operation })),
    })
    assert.deepEqual(
      bulk.Operations.map(({ status }: { status: string }) => status[0]),
      ['2', '2'],
    )
    const [bulkUser] = (await home.users()).Resources
    await home.scim.must('DELETE', `/Users/${bulkUser.id}`)
    const [{ id }] = (await home.organization.admin('GET', '/tombstones')).items
    await home.organization.admin('DELETE', `/tombstones/${id}`)
    const { user } = (await home.connection.login(home.person('ann', member))).body
    const provisioning = 'urn:usher:scim:schemas:provisioning:1.0:User'
    const bare = ({ id: _, meta: __, [provisioning]: ___, ...attributes }: Record<string, unknown>) => attributes
    assert.deepEqual(bare(bulkUser), bare(user))
  })

  it('f1 a later login is a PATCH of what differs, and nothing when nothing does', async () => {
    const home = await team()
    await home.connection.login(home.person('ann', member))
    const changed = await home.connection.login(home.person('ann', { given_name: 'Anna', teams: [], jobs: [] }))
    const { operations, changes, user } = await home.decision(changed)
    assert.deepEqual(operations, [
      {
        method: 'PATCH',
        path: `/Users/${user}`,
        data: {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [
            { op: 'replace', path: 'name.givenName', value: 'Anna' },
            { op: 'remove', path: 'roles[value eq "manager"]' },
          ],
        },
      },
      {
        method: 'PATCH',
        path: `/Groups/${home.team}`,
        data: {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [{ op: 'remove', path: `members[value eq "${user}"]` }],
        },
      },
    ])
    assert.deepEqual(
      changes.map(({ path, before, after }: Record<string, unknown>) => [path, before, after]),
      [
        ['name.givenName', 'ann', 'Anna'],
        ['roles[value eq "manager"]', { value: 'manager' }, null],
        [`groups[value eq "${home.team}"]`, { value: home.team }, null],
      ],
    )
    const same = await home.connection.login(home.person('ann', { given_name: 'Anna', teams: [], jobs: [] }))
    assert.equal(same.body.outcome, 'unchanged')
    assert.deepEqual((await home.decision(same)).operations, [])
  })

  it('f1 a value is refused for the same reason whether a token or a SCIM client brings it', async () => {
    const home = await buildHouse(usher, provider, { jit: { userName: { claim: 'name' }, matching: [] } })
    const name = 'x'.repeat(3_000)
    const login = await home.connection.login(home.person('ann', { name }))
    assert.equal(verdict(login), 'attribute_invalid')
    const pushed = await home.scim.call('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: name,
    })
    assert.deepEqual([pushed.status, pushed.body.schemas], [400, [errorUrn]])
    assert.equal(login.body.detail, pushed.body.detail)
  })
})
