import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, verdict } from './house.ts'
import { startUsher } from './usher.ts'

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
  it('A12 a new connection has the defaults, and none of them destroys anything', async () => {
    const { send } = await desk()
    const { body } = await send('GET')
    const { attributes, version, layers, effectiveAttributes, warnings, ...settings } = body
    assert.deepEqual(warnings, [])
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

  it('A12 PUT replaces: what it omits takes its default', async () => {
    const { send } = await desk()
    await send('PUT', { mode: 'link', afterDelete: 'recreate', limits: { removalShare: 0.5 } })
    const { body } = await send('PUT', { mode: 'observe' })
    assert.deepEqual([body.mode, body.afterDelete, body.limits], ['observe', 'refuse', defaults.limits])
  })

  it('A12 PATCH changes what it names, and null puts the default back', async () => {
    const { send } = await desk()
    await send('PUT', { mode: 'link', limits: { createsPerHour: 5, removalShare: 0.5 } })
    const { body } = await send('PATCH', { limits: { createsPerHour: null }, authority: 'login' })
    assert.deepEqual(
      [body.mode, body.authority, body.limits],
      ['link', 'login', { createsPerHour: 1000, removalShare: 0.5 }],
    )
    assert.equal((await send('PATCH', { mode: null })).body.mode, 'on')
  })

  it('A12 what GET gives may be sent back as it is', async () => {
    const { send } = await desk()
    await send('PUT', { mode: 'link', groups: { mode: 'append', claim: 'teams' } })
    const { body } = await send('GET')
    const put = await send('PUT', body)
    assert.equal(put.status, 200, put.text)
    assert.equal(body.warnings[0].code, 'values_lead_nowhere')
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
      {
        attribute: 'title',
        sync: 'ALWAYS',
        layer: 'attribute',
        authority: 'login',
        authorityLayer: 'attribute',
        onMissing: 'clear',
        onMissingLayer: 'attribute',
      },
      {
        attribute: 'nickName',
        sync: 'IF_EMPTY',
        layer: 'connection',
        authority: 'scim',
        authorityLayer: 'default',
        onMissing: 'keep',
        onMissingLayer: 'connection',
      },
    ])
  })
})

describe('A12 warnings', () => {
  it('A12 G1 what has no effect is allowed, and reported by PUT, PATCH and GET with its path', async () => {
    const { send, organization } = await desk()
    await organization.admin('PUT', '/roles/boss', { privileged: true })
    await organization.admin('PUT', '/roles/old', {})
    const put = await send('PUT', {
      roles: {
        mode: 'sync',
        mapping: [
          { prefix: 'a', role: 'old' },
          { value: 'ab', role: 'old' },
          { pattern: 'x.*', role: 'boss' },
        ],
      },
    })
    assert.equal(put.status, 200, put.text)
    const shown = ({ body }: { body: { warnings: { path: string; code: string; detail: string }[] } }) =>
      body.warnings.map(({ path, code }) => `${path} ${code}`)
    const expected = ['roles.mapping.1 mapping_covered', 'roles.mapping.2 privileged_target_blocked']
    assert.deepEqual(shown(put), expected)
    assert.ok(put.body.warnings.every(({ detail }: { detail: string }) => detail.endsWith('.')))
    const patched = await send('PATCH', {
      claimFilter: [
        { claim: 'a', operator: 'present' },
        { claim: 'a', operator: 'present', value: false },
      ],
    })
    assert.deepEqual(shown(patched), ['claimFilter.1 condition_never_holds', ...expected])
    await organization.admin('DELETE', '/roles/old')
    const { body } = await send('GET')
    assert.deepEqual(shown({ body }).slice(1, 3), ['roles.mapping.0 target_missing', 'roles.mapping.1 target_missing'])
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
