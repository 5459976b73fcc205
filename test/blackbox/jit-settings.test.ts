import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, verdict } from './house.ts'
import { group, startUsher, user } from './usher.ts'

const usher = await startUsher()
const careful = await startUsher({ USHER_JIT_DEFAULT: 'off', USHER_ATTRIBUTE_SYNC_DEFAULT: 'FILL_EMPTY' })
const provider = await TestProvider.start()
after(() => provider.close())

async function desk() {
  const home = await buildHouse(usher, provider)
  const path = `/connections/${home.connection.id}/jit`
  const token = (await home.organization.admin('POST', '/api-keys', { name: 'k', scopes: ['admin'] })).token
  const send = (method: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
    usher.call(method, `/api/v1/organizations/${home.organization.slug}${path}`, { token, body, headers })
  return { ...home, path, send }
}

const defaults = {
  mode: 'on',
  whenOff: 'pass_through',
  attributeSyncMethod: 'PRESERVE_LOCAL',
  authority: 'scim',
  subjectClaim: 'sub',
  emailTrust: 'domain',
  domains: 'verified',
  claimFilter: [],
  matching: [
    { claim: 'sub', attribute: 'externalId' },
    { claim: 'email', attribute: 'emails.value' },
  ],
  neverLink: { privileged: true, users: [], groups: [] },
  userName: { claim: 'email', onTaken: 'refuse' },
  required: [],
  groups: { mode: 'none' },
  roles: { mode: 'none' },
  reactivate: { suspended: false, deactivatedByScim: false, deactivatedByAdmin: false },
  afterDelete: 'refuse',
  limits: { createsPerHour: 1000, removalShare: 0.25 },
  onFailure: 'refuse',
}

describe('A12 reading and writing the settings', () => {
  it('A12 2.1 a new connection has the defaults, and none of them destroys anything', async () => {
    const { send } = await desk()
    const { body } = await send('GET')
    const { attributes, version, layers, effectiveAttributes, ...settings } = body
    assert.deepEqual(settings, defaults)
    assert.equal(version, 1)
    assert.ok(attributes.some(({ attribute }: { attribute: string }) => attribute === 'name.givenName'))
    assert.ok(effectiveAttributes.every(({ onMissing }: { onMissing: string }) => onMissing === 'keep'))
    assert.equal(layers.attributeSyncMethod, 'server')
    assert.equal(layers.authority, 'default')
  })

  it('A6 A11 the server decides the mode and the method of a connection that names none', async () => {
    const organization = await careful.organization()
    const { id } = await organization.connection(provider)
    const { body } = await organization.ask('GET', `/connections/${id}/jit`)
    assert.deepEqual([body.mode, body.attributeSyncMethod], ['off', 'FILL_EMPTY'])
    await organization.admin('PATCH', `/connections/${id}/jit`, { mode: 'on', attributeSyncMethod: 'NONE' })
    const after = await organization.ask('GET', `/connections/${id}/jit`)
    assert.deepEqual(
      [after.body.mode, after.body.attributeSyncMethod, after.body.layers.mode],
      ['on', 'NONE', 'connection'],
    )
    await organization.admin('PATCH', `/connections/${id}/jit`, { attributeSyncMethod: null })
    assert.equal((await organization.ask('GET', `/connections/${id}/jit`)).body.attributeSyncMethod, 'FILL_EMPTY')
  })

  it('2.1 PUT replaces: what it omits takes its default', async () => {
    const { send } = await desk()
    await send('PUT', { mode: 'link', afterDelete: 'recreate', limits: { removalShare: 0.5 } })
    const { body } = await send('PUT', { mode: 'observe' })
    assert.deepEqual([body.mode, body.afterDelete, body.limits], ['observe', 'refuse', defaults.limits])
  })

  it('2.1 PATCH changes what it names, and null puts the default back', async () => {
    const { send } = await desk()
    await send('PUT', { mode: 'link', limits: { createsPerHour: 5, removalShare: 0.5 } })
    const { body } = await send('PATCH', { limits: { createsPerHour: null }, authority: 'login' })
    assert.deepEqual(
      [body.mode, body.authority, body.limits],
      ['link', 'login', { createsPerHour: 1000, removalShare: 0.5 }],
    )
    assert.equal((await send('PATCH', { mode: null })).body.mode, 'on')
  })

  it('2.1 what GET gives may be sent back as it is', async () => {
    const { send } = await desk()
    await send('PUT', { mode: 'link', groups: { mode: 'append', claim: 'teams' } })
    const { body } = await send('GET')
    const put = await send('PUT', body)
    assert.equal(put.status, 200, put.text)
    const { version: _, layers: __, effectiveAttributes: ___, ...settings } = put.body
    const { version, layers, effectiveAttributes, ...before } = body
    assert.deepEqual(settings, before)
  })

  it('f4 GET shows for each attribute the mode in force and the layer that it comes from', async () => {
    const { send } = await desk()
    const { body } = await send('PUT', {
      attributeSyncMethod: 'FILL_EMPTY',
      attributes: [
        { attribute: 'title', claim: 'title', sync: 'ALWAYS', onMissing: 'clear', authority: 'login' },
        { attribute: 'nickName', claim: 'nickname' },
      ],
    })
    assert.deepEqual(body.effectiveAttributes, [
      { attribute: 'title', sync: 'ALWAYS', authority: 'login', onMissing: 'clear', layer: 'attribute' },
      { attribute: 'nickName', sync: 'IF_EMPTY', authority: 'scim', onMissing: 'keep', layer: 'connection' },
    ])
  })
})

describe('2.1 what is refused at save, with its path', () => {
  const mapping = (attribute: string, more = {}) => ({ attributes: [{ attribute, claim: 'x', ...more }] })
  const cases: readonly (readonly [string, object, string])[] = [
    ['null', { mode: null }, 'mode'],
    ['null within', { limits: { removalShare: null } }, 'limits.removalShare'],
    ['an unknown value', { attributeSyncMethod: 'SOME' }, 'attributeSyncMethod'],
    ['an unknown member', { modes: 'on' }, 'modes'],
    ['an unknown member within', { reactivate: { locked: true } }, 'reactivate.locked'],
    ['a share beyond one', { limits: { removalShare: 1.5 } }, 'limits.removalShare'],
    ...['id', 'meta', 'meta.created', 'schemas', 'active', 'password', 'groups', 'roles', 'userName'].map(
      (target) => [`G12 120 the target ${target}`, mapping(target), 'attributes.0.attribute'] as const,
    ),
    ['G12 the target roles by filter', mapping('roles[type eq "x"].value'), 'attributes.0.attribute'],
    [
      'G12 the provisioning extension',
      mapping('urn:usher:scim:schemas:provisioning:1.0:User:state'),
      'attributes.0.attribute',
    ],
    ['an unknown attribute', mapping('shoeSize'), 'attributes.0.attribute'],
    ['__proto__', mapping('__proto__.polluted'), 'attributes.0.attribute'],
    [
      'G11 a claim that means something to JavaScript',
      { attributes: [{ attribute: 'title', claim: '__proto__' }] },
      'attributes.0.claim',
    ],
    [
      'a mapping twice',
      { attributes: [...mapping('title').attributes, ...mapping('TITLE').attributes] },
      'attributes.1.attribute',
    ],
    ['claim and value', mapping('title', { value: 'v' }), 'attributes.0'],
    ['a constant that the schema refuses', { attributes: [{ attribute: 'title', value: 7 }] }, 'attributes.0.value'],
    ['default without onMissing', mapping('title', { default: 'x' }), 'attributes.0.default'],
    [
      'a template that cannot be read',
      { attributes: [{ attribute: 'title', template: '{a|upper}' }] },
      'attributes.0.template',
    ],
    [
      'G9 a pattern that is too long',
      { claimFilter: [{ claim: 'a', operator: 'matches', value: 'a'.repeat(257) }] },
      'claimFilter.0.value',
    ],
    [
      'G9 a pattern that needs more than linear time',
      { claimFilter: [{ claim: 'a', operator: 'matches', value: '(a)\\1' }] },
      'claimFilter.0.value',
    ],
    ['a rule onto another attribute', { matching: [{ claim: 'a', attribute: 'displayName' }] }, 'matching.0.attribute'],
    ['an unknown group', { groups: { mode: 'assign', assign: ['Nobody'] } }, 'groups.assign.0'],
    [
      'an unknown group of a mapping',
      { groups: { mode: 'sync', mapping: [{ value: 'v', group: 'Nobody' }] } },
      'groups.mapping.0.group',
    ],
    ['an unknown role', { roles: { mode: 'sync', allow: ['nobody'] } }, 'roles.allow.0'],
    ['an unknown group to protect', { neverLink: { groups: ['Nobody'] } }, 'neverLink.groups.0'],
    ['a required path that is none', { required: ['shoeSize'] }, 'required.0'],
  ]
  for (const [name, body, path] of cases) {
    it(`${name}: 400 at ${path}`, async () => {
      const { send } = await desk()
      const answer = await send('PUT', body)
      assert.equal(answer.status, 400, answer.text)
      assert.equal(answer.body.code, 'validation_failed')
      const paths = answer.body.errors.map((error: { path: string }) => error.path)
      assert.ok(paths.includes(path), paths.join(' '))
      assert.equal((await send('GET')).body.version, 1)
    })
  }

  it('2.1 every mistake is listed, not the first', async () => {
    const { send } = await desk()
    const { body } = await send('PUT', {
      roles: { assign: ['x'] },
      required: ['y'],
      attributes: [{ attribute: 'z', claim: 'c' }],
    })
    assert.deepEqual(body.errors.map(({ path }: { path: string }) => path).sort(), [
      'attributes.0.attribute',
      'required.0',
      'roles.assign.0',
    ])
  })

  it('K5 112 the subject claim and the issuer never change: 409 immutable', async () => {
    const { send, path, organization } = await desk()
    for (const [method, body] of [
      ['PUT', { subjectClaim: 'oid' }],
      ['PATCH', { subjectClaim: 'oid' }],
    ] as const) {
      const answer = await send(method, body)
      assert.deepEqual([answer.status, answer.body.code], [409, 'immutable'])
    }
    assert.equal((await send('PUT', { subjectClaim: 'sub' })).status, 200)
    const moved = await organization.ask('PATCH', path.replace(/\/jit$/, ''), { issuer: `${provider.issuer}/other` })
    assert.deepEqual([moved.status, moved.body.code], [409, 'immutable'])
  })

  it('G2 a group named by its name is kept by its id: a rename moves no grant', async () => {
    const home = await desk()
    const { id } = await home.scim.must('POST', '/Groups', group('Team'))
    const { body } = await home.send('PUT', { groups: { mode: 'assign', assign: ['team'] } })
    assert.deepEqual(body.groups.assign, [id])
    await home.scim.must('PUT', `/Groups/${id}`, group('Renamed'))
    await home.scim.must('POST', '/Groups', group('Team'))
    const login = await home.connection.login(home.person('ann'))
    assert.deepEqual(login.body.groups, [{ value: id, display: 'Renamed' }])
  })
})

describe('f17 versions', () => {
  it('f17 every change is a version that says who and when; one that changes nothing is none', async () => {
    const { send, path, organization } = await desk()
    await send('PUT', { mode: 'link' })
    await send('PUT', { mode: 'link' })
    await send('PATCH', { authority: 'login' })
    const { items } = await organization.admin('GET', `${path}/versions`)
    assert.deepEqual(
      items.map(({ version, settings }: { version: number; settings: unknown }) => [version, settings]),
      [
        [3, { mode: 'link', authority: 'login' }],
        [2, { mode: 'link' }],
        [1, {}],
      ],
    )
    assert.match(items[0].actor, /^admin:/)
    assert.ok(Number.isFinite(Date.parse(items[0].at)))
  })

  it('f17 a rollback makes a new version with the settings of an earlier one; decisions name theirs', async () => {
    const home = await desk()
    await home.send('PUT', { mode: 'observe' })
    const observed = await home.connection.login(home.person('ann'))
    const back = await home.organization.ask('POST', `${home.path}/rollback`, { version: 1 })
    assert.deepEqual([back.status, back.body.mode, back.body.version], [200, 'on', 3])
    const created = await home.connection.login(home.person('ann'))
    assert.deepEqual([verdict(observed), verdict(created)], ['observed', 'created'])
    assert.equal((await home.decision(observed)).configVersion, 2)
    assert.equal((await home.decision(created)).configVersion, 3)
    assert.equal((await home.organization.ask('POST', `${home.path}/rollback`, { version: 9 })).status, 404)
    assert.equal((await home.organization.ask('POST', `${home.path}/rollback`, {})).status, 400)
  })

  it('f17 settings that cannot be saved any more cannot be rolled back to', async () => {
    const home = await desk()
    await home.organization.admin('PUT', '/roles/gone', {})
    await home.send('PUT', { roles: { mode: 'assign', assign: ['gone'] } })
    await home.send('PUT', {})
    await home.organization.admin('DELETE', '/roles/gone')
    const answer = await home.organization.ask('POST', `${home.path}/rollback`, { version: 2 })
    assert.deepEqual([answer.status, answer.body.errors[0].path], [400, 'roles.assign.0'])
  })

  it('A12 ETag and If-Match: a write that names another version is 412, and of two at once one wins', async () => {
    const { send } = await desk()
    const first = await send('GET')
    const etag = first.headers.get('etag') ?? ''
    assert.notEqual(etag, '')
    assert.equal((await send('GET', undefined, { 'if-none-match': etag })).status, 304)
    assert.equal((await send('PUT', { mode: 'link' }, { 'if-match': '"99"' })).status, 412)
    const written = await send('PUT', { mode: 'link' }, { 'if-match': etag })
    assert.equal(written.status, 200)
    assert.notEqual(written.headers.get('etag'), etag)
    assert.equal((await send('PATCH', { mode: 'on' }, { 'if-match': etag })).status, 412)
    assert.equal((await send('PATCH', { mode: 'on' }, { 'if-match': '*' })).status, 200)
    const now = (await send('GET')).headers.get('etag') ?? ''
    const race = await Promise.all(['off', 'link'].map((mode) => send('PATCH', { mode }, { 'if-match': now })))
    assert.deepEqual(race.map(({ status }) => status).sort(), [200, 412])
  })
})

describe('templates, constants and names', () => {
  it('G10 A20 templates substitute claims and nothing else; a missing placeholder makes the value missing', async () => {
    const home = await desk()
    await home.send('PUT', {
      userName: { template: '{email|local}.{email|domain}' },
      attributes: [
        { attribute: 'displayName', template: '{given_name} {family_name|lower}' },
        { attribute: 'title', template: '{given_name} of {nothing}' },
        { attribute: 'nickName', template: '$(7*7) {given_name}' },
        { attribute: 'userType', value: 'Employee' },
        { attribute: 'locale', claim: 'https://claims.example/a.b' },
        { attribute: 'addresses[type eq "work"].locality', claim: 'address.locality' },
      ],
    })
    const { user: made } = (
      await home.connection.login(
        home.person('ann', {
          family_name: 'LEE',
          given_name: '{email}',
          'https://claims.example/a.b': 'sv-SE',
          address: { locality: 'Lund' },
        }),
      )
    ).body
    assert.equal(made.userName, `ann.${home.organization.domain}`)
    assert.equal(made.displayName, '{email} lee')
    assert.equal(made.title, undefined)
    assert.equal(made.nickName, '$(7*7) {email}')
    assert.equal(made.userType, 'Employee')
    assert.equal(made.locale, 'sv-SE')
    assert.deepEqual(made.addresses, [{ locality: 'Lund', type: 'work' }])
  })

  it('A19 required and pattern: nothing is made without them', async () => {
    const home = await desk()
    await home.send('PUT', { required: ['title'], attributes: [{ attribute: 'title', claim: 'title' }] })
    const refused = await home.connection.login(home.person('ann'))
    assert.equal(verdict(refused), 'required_attribute_missing')
    const malformed = await home.connection.login(home.person('ann', { title: { a: 1 } }))
    assert.equal(verdict(malformed), 'attribute_invalid')
    assert.equal((await home.users()).totalResults, 0)
    assert.equal(verdict(await home.connection.login(home.person('ann', { title: 'Boss' }))), 'created')
  })

  it('5 an externalId that is mapped belongs to the connection: clients do not see it, and no rule finds it', async () => {
    const home = await desk()
    await home.send('PUT', { attributes: [{ attribute: 'externalId', claim: 'oid' }] })
    const { body } = await home.connection.login(home.person('ann', { oid: 'object-1' }))
    assert.equal(body.user.externalId, 'object-1')
    assert.equal((await home.scim.must('GET', `/Users/${body.user.id}`)).externalId, undefined)
    await home.connection.login(home.person('ann', { oid: 'object-2' }))
    assert.equal((await home.user(body.user.id)).externalId, 'object-1')
    assert.equal((await home.scim.call('POST', '/Users', user('bob', { externalId: 'object-1' }))).status, 201)
    const other = await home.organization.connection(provider, {
      jit: { matching: [{ claim: 'oid', attribute: 'externalId' }], userName: { claim: 'sub' }, attributes: [] },
    })
    const bob = await other.login(home.person('x', { oid: 'object-1', email: undefined }))
    assert.equal(bob.body.user.userName, 'bob')
  })
})
