import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { asOperator, buildHouse, verdict, warningCodes } from './house.ts'
import { patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

async function linkedUser() {
  const house = await buildHouse(usher, provider, { jit: { attributes: [] } })
  const other = await house.organization.connection(provider, { jit: { attributes: [] } })
  const { id } = await house.scim.must('POST', '/Users', user(house.email('ann'), { externalId: 'ann' }))
  assert.equal(verdict(await house.connection.login({ sub: 'ann' })), 'linked')
  return { house, other, id }
}

describe('SYNC authority over what a SCIM client wrote', () => {
  const seconds = (offset: number) => Math.floor(Date.now() / 1000) + offset
  const cases = [
    ['scim', 'scim', undefined, 30, 'old'],
    ['login', 'login', undefined, -600, 'new'],
    ['last_write, the token is newer', 'last_write', undefined, 30, 'new'],
    ['last_write, the token is older', 'last_write', undefined, -600, 'old'],
    ["the attribute's own goes first", 'scim', 'login', 30, 'new'],
    ["the attribute's own goes first", 'login', 'scim', 30, 'old'],
  ] as const
  for (const [name, authority, own, age, value] of cases) {
    it(`P7 f3 ${name}: ${value === 'new' ? 'the login' : 'SCIM'} wins, and the loser is shadowed`, async () => {
      const { house, id } = await linkedUser()
      await house.scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'add', path: 'title', value: 'old' }))
      const mapping = { attribute: 'title', claim: 'title', ...(own === undefined ? {} : { authority: own }) }
      await house.connection.jit({ authority, attributes: [mapping] })
      const answer = await house.connection.login({ sub: 'ann', title: 'new', iat: seconds(age) })
      assert.equal((await house.user(id)).title, value)
      const { attributes: sources } = await house.provenance(id)
      const { source, shadowed } = sources.find(({ path }: { path: string }) => path === 'title')
      const login = `login:${house.connection.id}`
      assert.equal(source, value === 'new' ? login : `scim:${house.scim.id}`)
      const scim = `scim:${house.scim.id}`
      assert.deepEqual(shadowed, [value === 'new' ? { source: scim, value: 'old' } : { source: login, value: 'new' }])
      assert.deepEqual(warningCodes(answer), value === 'new' ? [] : ['attribute_locked_by_scim'])
      assert.equal(verdict(answer), value === 'new' ? 'updated' : 'unchanged')
    })
  }

  it('f3 f24 a shadow follows the logins, and goes when they agree with the value', async () => {
    const { house, id } = await linkedUser()
    await house.scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'add', path: 'title', value: 'old' }))
    await house.connection.jit({ attributes: [{ attribute: 'title', claim: 'title' }] })
    const shadows = async () => {
      const { attributes: sources } = await house.provenance(id)
      const { shadowed } = sources.find(({ path }: { path: string }) => path === 'title')
      return shadowed.map(({ value }: { value: string }) => value)
    }
    for (const [title, wanted] of [
      ['b', ['b']],
      ['c', ['c']],
      ['old', []],
    ] as const) {
      const { body } = await house.connection.login({ sub: 'ann', title })
      assert.equal(body.outcome, 'unchanged')
      assert.equal(body.user.meta.version, (await house.user(id)).meta.version)
      assert.deepEqual(await shadows(), wanted)
    }
    assert.equal((await house.user(id)).title, 'old')
  })
})

describe('A23 locked attributes', () => {
  async function lockedTitle() {
    const { house, other, id } = await linkedUser()
    await house.connection.jit({ attributes: [{ attribute: 'title', claim: 'title', locked: true }] })
    assert.equal(verdict(await house.connection.login({ sub: 'ann', title: 'Engineer' })), 'updated')
    return { house, other, id }
  }
  const writes = {
    'PATCH replace': ['PATCH', patchOp({ op: 'replace', path: 'title', value: 'Boss' })],
    'PATCH remove': ['PATCH', patchOp({ op: 'remove', path: 'title' })],
    'PATCH without a path': ['PATCH', patchOp({ op: 'add', value: { title: 'Boss', nickName: 'A' } })],
    'PUT of another value': ['PUT', { title: 'Boss' }],
    'PUT without it': ['PUT', {}],
  } as const
  for (const [name, [method, body]] of Object.entries(writes)) {
    it(`A23 ${name} by a SCIM client or an administrator is 400 mutability, and nothing changes`, async () => {
      const { house, id } = await lockedTitle()
      const before = await house.user(id)
      const whole = method === 'PUT' ? user(house.email('ann'), { externalId: 'ann', ...body }) : body
      for (const answer of [
        await house.scim.call(method, `/Users/${id}`, whole),
        await asOperator(usher, house.organization, method, `/Users/${id}`, whole),
      ]) {
        assert.equal(answer.status, 400, answer.text)
        assert.equal(answer.body.scimType, 'mutability')
      }
      assert.deepEqual(await house.user(id), before)
    })
  }

  it('A23 others may write everything else, and send the locked value back as it is', async () => {
    const { house, id } = await lockedTitle()
    const put = user(house.email('ann'), { externalId: 'ann', title: 'Engineer', nickName: 'Annie' })
    assert.equal((await house.scim.must('PUT', `/Users/${id}`, put)).nickName, 'Annie')
    await house.scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'title', value: 'Engineer' }))
    assert.equal(verdict(await house.connection.login({ sub: 'ann', title: 'Director' })), 'updated')
    const { attributes: sources } = await house.provenance(id)
    const title = sources.find(({ path }: { path: string }) => path === 'title')
    assert.equal(title.source, `login:${house.connection.id}`)
  })

  it("A23 another connection's login keeps the locked value and goes on with the rest", async () => {
    const { house, other, id } = await lockedTitle()
    await other.jit({
      attributeSyncMethod: 'OVERRIDE_ALL',
      attributes: [
        { attribute: 'title', claim: 'title' },
        { attribute: 'nickName', claim: 'nickname' },
      ],
    })
    const { body } = await other.login({ sub: 'ann', title: 'Boss', nickname: 'Annie' })
    assert.equal(body.outcome, 'linked')
    assert.equal(body.user.title, 'Engineer')
    assert.equal(body.user.nickName, 'Annie')
    const { attributes: sources } = await house.provenance(id)
    const { shadowed } = sources.find(({ path }: { path: string }) => path === 'title')
    assert.deepEqual(shadowed, [{ source: `login:${other.id}`, value: 'Boss' }])
  })

  it('A23 the lock ends with the mapping, and with the link', async () => {
    const { house, id } = await lockedTitle()
    const write = (value: string) =>
      house.scim.call('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'title', value }))
    assert.equal((await write('Boss')).status, 400)
    const { identities } = await house.provenance(id)
    await house.organization.admin('DELETE', `/users/${id}/identities/${identities[0].id}`)
    assert.equal((await write('Boss')).status, 200)
    assert.equal(verdict(await house.connection.login({ sub: 'ann', title: 'Engineer' })), 'linked')
    assert.equal((await write('Chief')).status, 400)
    await house.connection.jit({ attributes: [{ attribute: 'title', claim: 'title' }] })
    assert.equal((await write('Chief')).status, 200)
  })

  it('A23 users who are not linked to the connection are not concerned', async () => {
    const { house } = await lockedTitle()
    const { id } = await house.scim.must('POST', '/Users', user(house.email('bob'), { title: 'Clerk' }))
    await house.scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'title', value: 'Boss' }))
  })
})
