import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

async function client(settings: Readonly<Record<string, unknown>> = {}): Promise<ScimClient> {
  return (await usher.organization()).scimClient(settings)
}

describe('hostile values', () => {
  it('R43 row 65 externalId is a text of any content, kept as it is, and nothing else', async () => {
    const scim = await client()
    for (const value of [1, true, { a: 1 }, 1.5]) {
      assertScimError(await scim.call('POST', '/Users', user('x', { externalId: value })), 400, 'invalidValue')
    }
    const texts = ['1', '../../etc', '{"$ne":null}', '__proto__', ' ', 'x'.repeat(4_000), '\u0001', '<b>']
    for (const [index, externalId] of texts.entries()) {
      const created = await scim.must('POST', '/Users', user(`u${index}`, { externalId }))
      assert.equal(created.externalId, externalId)
      assert.notEqual(created.id, externalId)
      const search = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] }
      const filter = `externalId eq ${JSON.stringify(externalId)}`
      const found = await scim.must('POST', '/Users/.search', { ...search, filter })
      assert.deepEqual(
        found.Resources.map(({ id }: { id: string }) => id),
        [created.id],
      )
    }
    const long = 'x'.repeat(10_240)
    assert.equal((await scim.must('POST', '/Users', user('long', { externalId: long }))).externalId, long)
    assert.equal('externalId' in (await scim.must('POST', '/Users', user('empty', { externalId: '' }))), false)
  })

  it('row 62 R52 R110 two primary values are 400 invalidValue, one primary added resets the other', async () => {
    const scim = await client()
    const two = [
      { value: 'a', primary: true },
      { value: 'b', primary: true },
    ]
    assertScimError(await scim.call('POST', '/Users', user('ann', { emails: two })), 400, 'invalidValue')
    const { id } = await scim.must('POST', '/Users', user('ann', { emails: [two[0]] }))
    assertScimError(await scim.call('PUT', `/Users/${id}`, user('ann', { emails: two })), 400, 'invalidValue')
    const patched = await scim.must('PATCH', `/Users/${id}`, patchOp({ op: 'add', path: 'emails', value: [two[1]] }))
    assert.deepEqual(
      patched.emails.map((one: { primary?: boolean }) => one.primary ?? false),
      [false, true],
    )
  })

  it('row 63 a value that is there already is no second one, and no new version', async () => {
    const scim = await client()
    const email = { value: 'a@b.c', type: 'work' }
    const { id, meta } = await scim.must('POST', '/Users', user('ann', { emails: [email] }))
    const again = await scim.must(
      'PATCH',
      `/Users/${id}`,
      patchOp({ op: 'add', path: 'emails', value: [email, email] }),
    )
    assert.deepEqual(again.emails, [email])
    assert.equal(again.meta.version, meta.version)
  })

  it('row 67 R62 texts of any length have an end', async () => {
    const scim = await client()
    assertScimError(await scim.call('POST', '/Users', user('a'.repeat(10_240))), 400, 'invalidValue')
    assertScimError(await scim.call('POST', '/Users', user('ann', { title: 'x'.repeat(100_000) })), 400, 'invalidValue')
    assertScimError(await scim.call('POST', '/Groups', group('g'.repeat(100_000))), 400, 'invalidValue')
  })

  it('row 68 10,000 e-mails are refused', async () => {
    const scim = await client()
    const emails = Array.from({ length: 10_000 }, (_, index) => ({ value: `a${index}@b.c` }))
    const answer = await scim.call('POST', '/Users', user('ann', { emails }))
    assertScimError(answer, answer.status === 413 ? 413 : 400, answer.status === 413 ? undefined : 'invalidValue')
    const fewer = await scim.call('POST', '/Users', user('ann', { emails: emails.slice(0, 5_000) }))
    assertScimError(fewer, 400, 'invalidValue')
    const { id } = await scim.must('POST', '/Users', user('ann'))
    const patch = patchOp({ op: 'add', path: 'emails', value: emails.slice(0, 5_000) })
    assertScimError(await scim.call('PATCH', `/Users/${id}`, patch), 400, 'invalidValue')
  })

  it('row 70 text is text, whatever it would do elsewhere', async () => {
    const scim = await client()
    for (const displayName of [
      'a\r\nSet-Cookie: x',
      '\u001b[31mred',
      '=cmd()',
      '<script>alert(1)</script>',
      "'; DROP TABLE",
      '{{7*7}}',
    ]) {
      const { id } = await scim.must(
        'POST',
        '/Users',
        user(`u${displayName.length}`, { displayName, title: displayName }),
      )
      assert.equal((await scim.must('GET', `/Users/${id}`)).displayName, displayName)
      const { id: all } = await scim.must('POST', '/Groups', group(displayName))
      assert.equal((await scim.must('GET', `/Groups/${all}`)).displayName, displayName)
    }
  })

  it('row 71 addresses in values are never fetched', async () => {
    let fetched = 0
    const server = createServer((_request, response) => {
      fetched += 1
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.png`
    const scim = await client()
    const body = user('ann', {
      profileUrl: url,
      photos: [{ value: url, type: 'photo' }],
      [enterpriseUrn]: { manager: { value: 'nobody', $ref: url } },
    })
    const created = await scim.must('POST', '/Users', body)
    await scim.must('GET', `/Users/${created.id}`)
    server.close()
    assert.equal(fetched, 0)
    assert.equal(created.profileUrl, url)
    assert.notEqual(created[enterpriseUrn].manager.$ref, url)
  })

  it('row 72 C3 the password, core attributes and unknown attributes in an extension are dropped', async () => {
    const scim = await client()
    const created = await scim.call(
      'POST',
      '/Users',
      user('ann', { [enterpriseUrn]: { department: 'D', userName: 'eve', password: 'secret-9', id: 'x', nothing: 1 } }),
    )
    assert.equal(created.status, 201)
    assert.deepEqual(created.body[enterpriseUrn], { department: 'D' })
    assert.equal(created.body.userName, 'ann')
    assert.doesNotMatch(created.text, /secret-9/)
  })

  it('row 78 R266 R270 a member that is unknown, foreign or the group itself is 400 invalidValue with one text', async () => {
    const [scim, other] = [await client(), await client()]
    const foreign = await other.must('POST', '/Users', user('ann'))
    const all = await scim.must('POST', '/Groups', group('All'))
    const details = new Set<string>()
    for (const value of ['01a1fe7c-4a95-716e-8de5-000000000000', foreign.id, all.id]) {
      const patched = await scim.call(
        'PATCH',
        `/Groups/${all.id}`,
        patchOp({ op: 'add', path: 'members', value: [{ value }] }),
      )
      const replaced = await scim.call('PUT', `/Groups/${all.id}`, group('All', { members: [{ value }] }))
      for (const answer of [patched, replaced]) {
        assertScimError(answer, 400, 'invalidValue')
        details.add(answer.body.detail.replaceAll(value, '…'))
      }
    }
    assert.equal(details.size, 1, [...details].join('\n'))
    for (const value of ['nobody', foreign.id]) {
      assertScimError(await scim.call('POST', '/Groups', group('None', { members: [{ value }] })), 400, 'invalidValue')
    }
    assert.deepEqual(await scim.must('GET', `/Groups/${all.id}`), all)
  })

  it('row 78 R270 a cycle of three groups is accepted, and every traversal ends', async () => {
    const scim = await client()
    const ann = await scim.must('POST', '/Users', user('ann'))
    const ids: string[] = []
    for (const name of ['a', 'b', 'c']) ids.push((await scim.must('POST', '/Groups', group(name))).id)
    for (const [index, id] of ids.entries()) {
      const value = [{ value: ids[(index + 1) % 3] }, ...(index === 0 ? [{ value: ann.id }] : [])]
      assert.equal(
        (await scim.call('PATCH', `/Groups/${id}`, patchOp({ op: 'add', path: 'members', value }))).status,
        200,
      )
    }
    const { groups } = await scim.must('GET', `/Users/${ann.id}`)
    const types = groups.map(({ value, type }: { value: string; type: string }) => [ids.indexOf(value), type]).sort()
    assert.deepEqual(types, [
      [0, 'direct'],
      [1, 'indirect'],
      [2, 'indirect'],
    ])
    assert.equal((await scim.must('GET', '/Groups')).totalResults, 3)
    for (const id of ids) assert.equal((await scim.call('DELETE', `/Groups/${id}`)).status, 204)
  })
})
