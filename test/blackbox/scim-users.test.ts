import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { bulk, postUser } from './bulking.ts'
import { list, query } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const provisioning = 'urn:usher:scim:schemas:provisioning:1.0:User'

describe('/Me (RFC 7644 section 3.11)', () => {
  it('R242 R243 R244 R245 is 501 for every method, since no credential stands for a person', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const { token } = await organization.admin('POST', '/api-keys', { name: 'key', scopes: ['admin'] })
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : user('me')
      assertScimError(await client.call(method, '/Me', body), 501)
      assertScimError(await usher.call(method, `/scim/v2/${organization.slug}/Me`, { token, body }), 501)
    }
    assertScimError(await usher.call('GET', `/scim/v2/${organization.slug}/Me`), 401)
    assert.equal((await list(client, '/Users')).totalResults, 0)
  })
})

describe('userName and password (RFC 7643 section 4.1.1)', () => {
  it('R246 userName is required, not empty and without invisible characters', async () => {
    const client = await newClient()
    const missing = [undefined, null, '', '   ', 7, ['ann'], {}]
    const invisible = [
      'a\u0000b',
      'a\u0007',
      'a\nb',
      'a\u202eb',
      'a\u2066b',
      'a\u200bb',
      '\ufeffann',
      'a\u200db',
      'a\u0085b',
    ]
    for (const userName of [...missing, ...invisible]) {
      const answer = await client.call('POST', '/Users', { ...user('x'), userName })
      assertScimError(answer, 400, 'invalidValue')
    }
    const { id } = await client.must('POST', '/Users', user('ann'))
    for (const value of ['', 'a\u202eb']) {
      const answer = await client.call('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'userName', value }))
      assertScimError(answer, 400, 'invalidValue')
      assertScimError(await client.call('PUT', `/Users/${id}`, user(value)), 400, 'invalidValue')
    }
    assert.equal((await list(client, '/Users')).totalResults, 1)
  })

  it('R246 userName is unique without regard to case and width, on POST, PUT and PATCH', async () => {
    const client = await newClient()
    await client.must('POST', '/Users', user('Ann@Example.com'))
    const { id } = await client.must('POST', '/Users', user('bob'))
    for (const userName of ['ann@example.com', 'ANN@EXAMPLE.COM', 'ａｎｎ@example.com']) {
      assertScimError(await client.call('POST', '/Users', user(userName)), 409, 'uniqueness')
      assertScimError(await client.call('PUT', `/Users/${id}`, user(userName)), 409, 'uniqueness')
      const change = patchOp({ op: 'replace', path: 'userName', value: userName })
      assertScimError(await client.call('PATCH', `/Users/${id}`, change), 409, 'uniqueness')
    }
    // By Unicode these are other letters, or other words.
    await client.must('POST', '/Users', user('straße'))
    await client.must('POST', '/Users', user('STRASSE'))
    const renamed = await client.must(
      'PATCH',
      `/Users/${id}`,
      patchOp({ op: 'replace', path: 'userName', value: 'BOB' }),
    )
    assert.equal(renamed.userName, 'BOB', 'its own name in another case is no collision')
  })

  it('R247 a password is kept nowhere and shown nowhere', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const secret = 'Correct-Horse-Battery'
    const made = await client.call('POST', '/Users', user('ann', { password: secret }))
    assert.equal(made.status, 201)
    const path = `/Users/${made.body.id}`
    const change = (op: string, value: unknown, target?: string) =>
      client.call('PATCH', path, patchOp({ op, ...(target === undefined ? {} : { path: target }), value }))
    const answers = [
      made,
      await change('replace', secret, 'password'),
      await change('replace', { password: secret, title: 'x' }),
      await change('add', secret, 'password'),
      await client.call('PUT', path, user('ann', { password: secret })),
      await client.call('GET', `${path}?attributes=password`),
      await query(client, '/Users', { attributes: 'password' }),
      await query(client, '/Users', { filter: 'userName eq "ann"' }),
    ]
    for (const answer of answers) {
      assert.ok(answer.status < 300, answer.text)
      assert.doesNotMatch(answer.text, /Correct-Horse|"password"/)
    }
    const filtered = await query(client, '/Users', { filter: `password eq "${secret}"` })
    assert.ok(filtered.status === 400 || filtered.body.totalResults === 0, filtered.text)
    assert.doesNotMatch(filtered.text, /Correct-Horse/)
    const wrong = await client.call('POST', '/Users', user('', { password: secret }))
    assert.doesNotMatch(wrong.text, /Correct-Horse/)
    const results = await bulk(client, [
      postUser('b', 'bob', { password: secret }),
      postUser('c', 'BOB', { password: secret }),
    ])
    assert.doesNotMatch(JSON.stringify(results), /Correct-Horse/)
    const { items } = await organization.admin('GET', '/changes')
    assert.doesNotMatch(JSON.stringify(items), /Correct-Horse|password/)
    const provenance = await organization.admin('GET', `/users/${made.body.id}/provenance`)
    assert.doesNotMatch(JSON.stringify(provenance), /Correct-Horse|password/)
  })

  it('R247 a write that differs in the password alone changes nothing', async () => {
    const client = await newClient()
    const made = await client.must('POST', '/Users', user('ann', { password: 'one' }))
    const change = patchOp({ op: 'replace', path: 'password', value: 'two' })
    assert.deepEqual(await client.must('PATCH', `/Users/${made.id}`, change), made)
  })

  it('R248 interop-strict refuses a password; ServiceProviderConfig says that it cannot be changed', async () => {
    const strict = await newClient({ dialect: 'interop-strict' })
    assertScimError(await strict.call('POST', '/Users', user('ann', { password: 'x' })), 400, 'invalidValue')
    const { id } = await strict.must('POST', '/Users', user('ann'))
    assertScimError(await strict.call('PUT', `/Users/${id}`, user('ann', { password: 'x' })), 400, 'invalidValue')
    const change = patchOp({ op: 'replace', path: 'password', value: 'x' })
    assertScimError(await strict.call('PATCH', `/Users/${id}`, change), 400, 'invalidValue')
    assert.equal((await strict.must('GET', '/ServiceProviderConfig')).changePassword.supported, false)
  })
})

describe('groups of a user (RFC 7643 section 4.1.2)', () => {
  it('R249 are computed with value, $ref, display and type; POST and PUT ignore them, PATCH is 400 mutability', async () => {
    const client = await newClient()
    const crew = await client.must('POST', '/Groups', group('Crew'))
    const claimed = { groups: [{ value: crew.id, display: 'Crew' }] }
    const ann = await client.must('POST', '/Users', user('ann', claimed))
    assert.equal('groups' in ann, false)
    const put = await client.must('PUT', `/Users/${ann.id}`, user('ann', claimed))
    assert.equal('groups' in put, false)
    for (const operation of [
      { op: 'add', path: 'groups', value: claimed.groups },
      { op: 'remove', path: 'groups' },
      { op: 'replace', value: claimed },
    ]) {
      assertScimError(await client.call('PATCH', `/Users/${ann.id}`, patchOp(operation)), 400, 'mutability')
    }
    await client.must(
      'PATCH',
      `/Groups/${crew.id}`,
      patchOp({ op: 'add', path: 'members', value: [{ value: ann.id }] }),
    )
    const { groups } = await client.must('GET', `/Users/${ann.id}`)
    assert.deepEqual(groups, [{ value: crew.id, $ref: crew.meta.location, display: 'Crew', type: 'direct' }])
    const found = await list(client, '/Users', { filter: `groups.value eq "${crew.id}"` })
    assert.equal(found.totalResults, 1)
  })

  it('R250 a nested membership is indirect; circles end; direct wins over indirect', async () => {
    const client = await newClient()
    const ann = await client.must('POST', '/Users', user('ann'))
    const inner = await client.must('POST', '/Groups', group('Inner', { members: [{ value: ann.id }] }))
    const outer = await client.must('POST', '/Groups', group('Outer', { members: [{ value: inner.id }] }))
    const both = await client.must(
      'POST',
      '/Groups',
      group('Both', { members: [{ value: inner.id }, { value: ann.id }] }),
    )
    const circle = patchOp({ op: 'add', path: 'members', value: [{ value: outer.id }] })
    await client.must('PATCH', `/Groups/${inner.id}`, circle)
    const kinds = async () => {
      const { groups } = await client.must('GET', `/Users/${ann.id}`)
      return groups.map(({ display, type }: Record<string, string>) => `${display} ${type}`).toSorted()
    }
    assert.deepEqual(await kinds(), ['Both direct', 'Inner direct', 'Outer indirect'])
    const listed = (await list(client, '/Users')).Resources[0].groups
    assert.equal(listed.length, 3)
    await client.must('DELETE', `/Groups/${inner.id}`)
    assert.deepEqual(await kinds(), ['Both direct'])
    assert.ok(both.id)
  })
})

describe('life cycle of a user (RFC 7643 section 4.1.1)', () => {
  it('R255 active:false ends logins and keeps the data; active:true restores, with state and reason', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const connection = await organization.connection(provider)
    const email = `ann@${organization.domain}`
    const made = await client.must('POST', '/Users', user(email, { externalId: 'ann-1', title: 'Engineer' }))
    const claims = { sub: 'ann-1', email, email_verified: true }
    assert.equal((await connection.login(claims)).status, 200)
    const setActive = (value: boolean) =>
      client.must('PATCH', `/Users/${made.id}`, patchOp({ op: 'replace', path: 'active', value }))
    const off = await setActive(false)
    assert.equal(off.active, false)
    assert.equal(off.title, 'Engineer')
    assert.equal(off[provisioning].state, 'deactivated')
    assert.ok(off[provisioning].reason)
    assert.equal((await connection.login(claims)).body.code, 'user_deactivated_by_scim')
    const on = await setActive(true)
    assert.equal(on.active, true)
    assert.equal(on[provisioning].state, 'active')
    assert.equal('reason' in on[provisioning], false)
    assert.equal((await connection.login(claims)).status, 200)
    assert.equal((await client.must('GET', `/Users/${made.id}`)).title, 'Engineer')
  })

  it('R280 R281 after a deactivation or a deletion no login succeeds, nothing comes back by itself, and the feed has it', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const connection = await organization.connection(provider)
    const email = `ann@${organization.domain}`
    const { id } = await client.must('POST', '/Users', user(email, { externalId: 'ann-1' }))
    const token = await connection.token({ sub: 'ann-1', email, email_verified: true })
    const login = () => organization.ask('POST', `/connections/${connection.id}/logins`, { idToken: token })
    assert.equal((await login()).status, 200)
    const last = async () => (await organization.admin('GET', '/changes')).items.at(-1)
    await client.must('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'active', value: false }))
    const change = await last()
    assert.equal(change.resource.id, id)
    assert.equal(change.actor, `scim:${client.id}`)
    const refused = await login()
    assert.equal(refused.status, 403, 'not even the token of before')
    assert.equal(refused.body.code, 'user_deactivated_by_scim')
    const fresh = await connection.login({ sub: 'ann-1', email, email_verified: true })
    assert.equal(fresh.body.code, 'user_deactivated_by_scim')
    assert.equal((await organization.admin('GET', `/decisions/${fresh.body.reference}`)).outcome, 'refused')
    await client.must('DELETE', `/Users/${id}`)
    assert.equal((await last()).action, 'delete')
    const gone = await connection.login({ sub: 'ann-1', email, email_verified: true })
    assert.equal(gone.body.code, 'user_deleted')
    assert.equal((await list(client, '/Users')).totalResults, 0)
  })

  it('R260 a manager is an id, with $ref and displayName computed; an id that nobody has yet is kept', async () => {
    const client = await newClient()
    const boss = await client.must('POST', '/Users', user('boss', { displayName: 'The Boss' }))
    const withManager = (manager: unknown) => ({ [enterprise]: { manager } })
    const ann = await client.must(
      'POST',
      '/Users',
      user('ann', withManager({ value: boss.id, displayName: 'Somebody', $ref: 'https://elsewhere.example/x' })),
    )
    const expected = { value: boss.id, $ref: boss.meta.location, displayName: 'The Boss' }
    assert.deepEqual(ann[enterprise].manager, expected)
    assert.deepEqual(
      (await list(client, '/Users', { filter: 'userName eq "ann"' })).Resources[0][enterprise].manager,
      expected,
    )
    await client.must('PATCH', `/Users/${boss.id}`, patchOp({ op: 'replace', path: 'displayName', value: 'Boss II' }))
    assert.equal((await client.must('GET', `/Users/${ann.id}`))[enterprise].manager.displayName, 'Boss II')
    const target = `${enterprise}:manager.displayName`
    const rename = patchOp({ op: 'replace', path: target, value: 'x' })
    assertScimError(await client.call('PATCH', `/Users/${ann.id}`, rename), 400, 'mutability')
    const early = await client.must('POST', '/Users', user('bob', withManager({ value: 'not-here-yet' })))
    assert.equal(early[enterprise].manager.value, 'not-here-yet')
    assert.equal('displayName' in early[enterprise].manager, false)
  })

  it('R285 the same cycle again changes nothing and records nothing', async () => {
    for (const dialect of ['entra', 'okta']) {
      const organization = await usher.organization()
      const client = await organization.scimClient({ dialect })
      const made = await client.must('POST', '/Users', user('ann', { externalId: 'x-1' }))
      const crew = await client.must('POST', '/Groups', group('Crew', { externalId: 'g-1' }))
      const cycle = async () => {
        const found = await list(client, '/Users', { filter: 'userName eq "ANN"' })
        const one = found.Resources[0]
        await client.must('PATCH', `/Users/${one.id}`, patchOp({ op: 'Replace', path: 'active', value: 'True' }))
        await client.must('PATCH', `/Users/${one.id}`, patchOp({ op: 'replace', value: { id: one.id, title: 'T' } }))
        await client.must(
          'PATCH',
          `/Groups/${crew.id}`,
          patchOp({ op: 'replace', value: { id: crew.id, displayName: 'Crew' } }),
        )
        await client.must(
          'PATCH',
          `/Groups/${crew.id}`,
          patchOp({ op: 'Add', path: 'members', value: [{ $ref: null, value: one.id }] }),
        )
        const { password, ...echo } = { ...(await client.must('GET', `/Users/${one.id}`)), password: 'x' }
        await client.must('PUT', `/Users/${one.id}`, { ...echo, password })
        return client.must('GET', `/Users/${one.id}`)
      }
      const first = await cycle()
      const changes = (await organization.admin('GET', '/changes')).items
      const version = (await client.must('GET', `/Groups/${crew.id}`)).meta.version
      assert.deepEqual(await cycle(), first, dialect)
      assert.deepEqual((await organization.admin('GET', '/changes')).items, changes)
      assert.equal((await client.must('GET', `/Groups/${crew.id}`)).meta.version, version)
      assert.equal(made.id, first.id)
    }
  })
})
