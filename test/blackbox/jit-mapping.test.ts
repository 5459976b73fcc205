import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse, verdict, warningCodes } from './house.ts'
import { group, patchOp, startUsher, user } from './usher.ts'

/** Users have an extension of the customer's, with every kind of attribute. */
const usher = await startUsher({
  USHER_SCHEMAS_DIR: fileURLToPath(new URL('../fixtures/user-schemas/', import.meta.url)),
})
const staff = 'urn:example:scim:schemas:extension:staff:2.0:User'
const provider = await TestProvider.start()
after(() => provider.close())

describe('templates, constants and names', () => {
  it('G10 A20 templates substitute claims and nothing else; a missing placeholder makes the value missing', async () => {
    const home = await buildHouse(usher, provider)
    await home.connection.jit({
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
    const home = await buildHouse(usher, provider)
    await home.connection.jit({ required: ['title'], attributes: [{ attribute: 'title', claim: 'title' }] })
    const refused = await home.connection.login(home.person('ann'))
    assert.equal(verdict(refused), 'required_attribute_missing')
    const malformed = await home.connection.login(home.person('ann', { title: { a: 1 } }))
    assert.equal(verdict(malformed), 'attribute_invalid')
    assert.equal((await home.users()).totalResults, 0)
    assert.equal(verdict(await home.connection.login(home.person('ann', { title: 'Boss' }))), 'created')
  })

  it('K10 an externalId that is mapped belongs to the connection: clients do not see it, and no rule finds it', async () => {
    const home = await buildHouse(usher, provider)
    await home.connection.jit({ attributes: [{ attribute: 'externalId', claim: 'oid' }] })
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

describe('expressions', () => {
  it('G10 they give attributes, the user name and the values of groups; simulation and login agree', async () => {
    const home = await buildHouse(usher, provider)
    const { id: engineers } = await home.scim.must('POST', '/Groups', group('engineers'))
    await home.connection.jit({
      userName: { expression: "concat(lower(family_name), '.', lower(substring(given_name, 0, 1)))" },
      attributes: [
        { attribute: 'displayName', expression: "default(name, join([given_name, family_name], ' '))" },
        { attribute: 'emails', expression: "[{value: email, type: 'work', primary: true}, each(more, {value: it})]" },
        { attribute: 'phoneNumbers', expression: 'each(phones, {value: it.number, type: lower(it.kind)})' },
        {
          attribute: 'addresses',
          expression: "{type: 'work', country: lookup(country, {'DEU': 'DE'}), locality: address.locality}",
        },
        { attribute: 'title', expression: "if(equals(groups, 'app-heads'), 'Head', 'Staff')" },
        { attribute: 'nickName', expression: 'nickname | trim' },
      ],
      groups: { mode: 'sync', expression: "groups | only('app-.*') | stripPrefix('app-')", allow: ['engineers'] },
    })
    const claims = home.person('ann', {
      given_name: 'Ann',
      family_name: 'Lee',
      more: ['ann@home.example'],
      phones: [
        { kind: 'Work', number: '+49 1', since: 2020 },
        { kind: 'Mobile', number: '+49 2' },
      ],
      country: 'DEU',
      address: { locality: 'Lund' },
      groups: ['app-engineers', 'app-new', 'engineers'],
    })
    const { body: simulated } = await home.organization.ask('POST', `/connections/${home.connection.id}/simulations`, {
      claims,
    })
    const login = await home.connection.login(claims)
    const { user: made, groups } = login.body
    assert.equal(made.userName, 'lee.a')
    assert.equal(made.displayName, 'Ann Lee')
    assert.deepEqual(made.emails, [
      { value: home.email('ann'), type: 'work', primary: true },
      { value: 'ann@home.example' },
    ])
    assert.deepEqual(made.phoneNumbers, [
      { value: '+49 1', type: 'work' },
      { value: '+49 2', type: 'mobile' },
    ])
    assert.deepEqual(made.addresses, [{ locality: 'Lund', country: 'DE', type: 'work' }])
    assert.deepEqual([made.title, made.nickName], ['Staff', undefined])
    assert.deepEqual(groups, [{ value: engineers, display: 'engineers' }])
    assert.deepEqual(warningCodes(login), ['group_unmapped'])
    const decision = await home.decision(login)
    assert.deepEqual(decision.operations, simulated.operations)
    assert.deepEqual(decision.claims.phones.value, claims.phones, 'a claim that an expression reads is mapped')
    const replay = await home.organization.ask('POST', `/connections/${home.connection.id}/simulations`, {
      decisionId: decision.id,
    })
    assert.deepEqual([replay.body.outcome, replay.body.operations], ['unchanged', []])
    const again = await home.connection.login({ ...claims, groups: 'app-heads' })
    assert.deepEqual([verdict(again), again.body.user.title, again.body.groups], ['updated', 'Head', []])
  })

  it('G11 row 121 hostile claims make a value unusable and leave everything else as it is', async () => {
    const home = await buildHouse(usher, provider)
    await home.connection.jit({
      attributes: [
        { attribute: 'title', expression: "replace(title, 'a', title)" },
        { attribute: 'nickName', expression: 'lookup(nickname, {"a": "b"}, nickname)' },
      ],
    })
    const { body } = await home.connection.login(home.person('ann', { title: 'b', nickname: '__proto__' }))
    assert.deepEqual([body.user.title, body.user.nickName], ['b', '__proto__'])
    const hostile = JSON.parse('{"__proto__":{"title":"x"},"constructor":"y"}')
    for (const title of [{ a: 1 }, 'a'.repeat(20_000), [['a']]]) {
      const login = await home.connection.login(home.person('ann', { title, nickname: '__proto__', ...hostile }))
      assert.deepEqual([verdict(login), warningCodes(login)], ['unchanged', ['claim_malformed']])
    }
  })
})

describe('attributes of every kind and schema', () => {
  it('R262 A19 an extension of the customer: simple, integer, lists, complex and immutable attributes', async () => {
    const home = await buildHouse(usher, provider)
    const to = (path: string, giver: object) => ({ attribute: `${staff}:${path}`, ...giver })
    await home.connection.jit({
      attributeSyncMethod: 'OVERRIDE_ALL',
      attributes: [
        to('costCentre', { claim: 'https://claims.example/cost.centre', onMissing: 'default', default: 'none' }),
        to('level', { expression: 'number(level)' }),
        to('badges', { claim: 'badges' }),
        to('clearances', { expression: "each(clearances, {value: it.name, type: 'site', until: it.until})" }),
        to('office.building', { claim: 'office.house' }),
        to('office.floor', { value: 3 }),
        to('badgeNumber', { claim: 'badge' }),
      ],
    })
    const claims = home.person('ann', {
      'https://claims.example/cost.centre': 'C-1',
      level: '7',
      badges: ['red', 'blue', 'red'],
      clearances: [{ name: 'north', until: '2030-01-01T00:00:00Z' }, { name: 'south' }],
      office: { house: 'B' },
      badge: '1',
    })
    const { user: made } = (await home.connection.login(claims)).body
    assert.deepEqual(made[staff], {
      costCentre: 'C-1',
      level: 7,
      badges: ['red', 'blue'],
      clearances: [
        { value: 'north', type: 'site', until: '2030-01-01T00:00:00Z' },
        { value: 'south', type: 'site' },
      ],
      office: { building: 'B', floor: 3 },
      badgeNumber: '1',
    })
    assert.ok(made.schemas.includes(staff))
    const { version } = made.meta
    const same = await home.connection.login(claims)
    assert.deepEqual([verdict(same), same.body.user.meta.version], ['unchanged', version])
    const { totalResults } = await home.users(`${staff}:badges eq "blue" and ${staff}:level gt 6`)
    assert.equal(totalResults, 1)
    const gone = home.person('ann', { badges: [], level: 'seven', badge: '2', clearances: [{ name: 'north' }] })
    const later = await home.connection.login(gone)
    assert.deepEqual(later.body.user[staff], {
      costCentre: 'none',
      level: 7,
      clearances: [{ value: 'north', type: 'site' }],
      office: { floor: 3 },
      badgeNumber: '1',
    })
    assert.deepEqual(warningCodes(later), ['claim_malformed'])
  })

  it('f3 f5 the owner of each part of a list: what a SCIM client wrote stays, and provenance names who gave what', async () => {
    const home = await buildHouse(usher, provider)
    await home.connection.jit({
      attributes: [
        { attribute: 'phoneNumbers', claim: 'phones' },
        { attribute: 'emails[type eq "home"].value', claim: 'home' },
      ],
    })
    const phones = [
      { value: '1', type: 'work' },
      { value: '2', type: 'mobile' },
    ]
    const { id } = (await home.connection.login(home.person('ann', { phones, home: 'ann@home.example' }))).body.user
    const patch = (path: string, value: unknown) =>
      home.scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path, value }))
    await patch('phoneNumbers[type eq "work"].value', '3')
    await home.scim.must(
      'PATCH',
      `/Users/${id}`,
      patchOp({ op: 'add', path: 'emails', value: [{ value: 'ann@work.example', type: 'work' }] }),
    )
    const held = await home.connection.login(home.person('ann', { phones: phones.slice(0, 1), home: '' }))
    assert.deepEqual(warningCodes(held), ['attribute_locked_by_scim'])
    assert.deepEqual(held.body.user.phoneNumbers, [
      { value: '3', type: 'work' },
      { value: '2', type: 'mobile' },
    ])
    assert.deepEqual(held.body.user.emails, [{ value: 'ann@work.example', type: 'work' }])
    const { attributes } = await home.provenance(id)
    const ownerOf = (path: string) => attributes.find((entry: { path: string }) => entry.path === path)?.source
    assert.equal(ownerOf('phoneNumbers[type eq "work"]'), `scim:${home.scim.id}`)
    assert.equal(ownerOf('phoneNumbers[type eq "mobile"]'), `login:${home.connection.id}`)
    const agreed = await home.connection.login(home.person('ann', { phones: [{ value: '3', type: 'work' }] }))
    assert.deepEqual(agreed.body.user.phoneNumbers, [{ value: '3', type: 'work' }])
  })
})

describe('the claims that logins carry', () => {
  it('O3 f9 each with its types and how often; examples of mapped claims only, and of this connection only', async () => {
    const home = await buildHouse(usher, provider)
    const path = `/connections/${home.connection.id}/claims`
    assert.deepEqual(await home.organization.admin('GET', path), { logins: 0, since: null, items: [] })
    await home.connection.jit({
      attributes: [
        { attribute: 'title', claim: 'job' },
        { attribute: 'profileUrl', expression: 'claim("x")' },
      ],
    })
    for (const [job, dept] of [
      ['Chef', 'a'],
      [['x'], ['a']],
      [undefined, 'secret'],
    ] as const) {
      await home.connection.login(home.person('ann', { job, dept, x: 'p'.repeat(500) }))
    }
    await home.connection.login(home.person('bob', { email: undefined, dept: null, 'a.$b': 1 }))
    const { logins, since, items } = await home.organization.admin('GET', path)
    assert.deepEqual([logins, Number.isFinite(Date.parse(since))], [4, true])
    const find = (name: string) => items.find((item: { name: string }) => item.name === name)
    const { lastSeen, ...job } = find('job')
    assert.deepEqual(job, {
      name: 'job',
      types: [
        { type: 'array', count: 1 },
        { type: 'string', count: 1 },
      ],
      seen: 2,
      mapped: true,
      example: ['x'],
    })
    assert.ok(Date.parse(lastSeen) >= Date.parse(since))
    const { example, mapped, types } = find('dept')
    assert.deepEqual([example, mapped, types.length], [undefined, false, 3])
    assert.equal(find('x').example, `${'p'.repeat(200)}…`)
    assert.equal(find('a.$b').seen, 1)
    assert.deepEqual([items[0].seen, find('email').seen], [4, 3])
    await home.connection.jit({ attributes: [] })
    const after = await home.organization.admin('GET', path)
    assert.ok(
      after.items.every(
        (item: { name: string; example?: unknown }) => item.name !== 'job' || item.example === undefined,
      ),
    )

    const other = await home.organization.connection(provider)
    assert.equal((await home.organization.admin('GET', `/connections/${other.id}/claims`)).logins, 0)
    assert.equal((await home.organization.ask('GET', '/connections/none/claims')).status, 404)
    const { token } = await home.organization.admin('POST', '/api-keys', { name: 'app', scopes: ['logins'] })
    assert.equal((await home.organization.ask('GET', path, undefined, token)).status, 403)
  })

  it('O6 they are read by an index, however many decisions there are', async () => {
    const { queryPlanner } = (await usher.store.decisions.explain(
      'org',
      { connection: 'c' },
      { sort: { connection: -1, _id: -1 }, limit: 200, projection: { at: 1, claims: 1 } },
    )) as { readonly queryPlanner: { readonly winningPlan: unknown } }
    const plan = JSON.stringify(queryPlanner.winningPlan)
    assert.match(plan, /"indexName":"org_1_connection_1__id_1"/)
    assert.doesNotMatch(plan, /COLLSCAN|"SORT"/)
  })
})
