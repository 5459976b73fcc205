import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertScimError } from './scim-error.ts'
import { patchOp, type ScimClient, startUsher, user } from './usher.ts'

/** With a resource type that has an attribute of every type, mutability, returned and uniqueness. */
const usher = await startUsher({ USHER_SCHEMAS_DIR: fileURLToPath(new URL('../fixtures/schemas/', import.meta.url)) })
const testUrn = 'urn:ietf:params:scim:schemas:test:2.0:TestResource'
const extensionUrn = 'urn:ietf:params:scim:schemas:extension:test:2.0:TestResource'

async function client(settings: Readonly<Record<string, unknown>> = {}): Promise<ScimClient> {
  return (await usher.organization()).scimClient(settings)
}

const thing = (identifier: string, more: Readonly<Record<string, unknown>> = {}) => ({
  schemas: [testUrn, extensionUrn],
  identifier,
  [extensionUrn]: { extRequired: 'x' },
  ...more,
})

/** RFC 7643 section 2.2. */
describe('mutability and returned', () => {
  const full = {
    caseExactString: 'Ab',
    readOnlyAttr: 'mine',
    immutableAttr: 'first',
    writeOnlyAttr: 'secret-7c1f',
    requestOnlyAttr: 'on request',
    alwaysReturnedAttr: 'always',
  }

  it('R56 R57 never is in no answer, request in those that ask or supply it, always in every one', async () => {
    const scim = await client()
    const created = await scim.call('POST', '/TestResources', thing('t', full))
    const path = `/TestResources/${created.body.id}`
    const search = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter: 'identifier eq "t"' }
    const answers = {
      created,
      read: await scim.call('GET', path),
      listed: await scim.call('GET', '/TestResources'),
      asked: await scim.call('GET', `${path}?attributes=identifier,requestOnlyAttr,writeOnlyAttr`),
      narrow: await scim.call('GET', `${path}?attributes=identifier`),
      excluded: await scim.call('GET', `${path}?excludedAttributes=alwaysReturnedAttr,identifier,id`),
      replaced: await scim.call('PUT', path, thing('t', full)),
      patched: await scim.call('PATCH', path, patchOp({ op: 'replace', path: 'writeOnlyAttr', value: 'secret-7c1f2' })),
      searched: await scim.call('POST', '/TestResources/.search', search),
    }
    for (const [name, answer] of Object.entries(answers)) {
      assert.doesNotMatch(answer.text, /secret-7c1f|writeOnlyAttr/, name)
      const one = answer.body.Resources?.[0] ?? answer.body
      assert.equal(one.alwaysReturnedAttr, 'always', name)
      assert.equal(typeof one.id, 'string', name)
      const shows = ['created', 'asked', 'replaced'].includes(name)
      assert.equal('requestOnlyAttr' in one, shows, name)
    }
    assert.deepEqual(Object.keys(answers.narrow.body).sort(), ['alwaysReturnedAttr', 'id', 'identifier', 'schemas'])
    assert.equal('identifier' in answers.excluded.body, false)
    const patched = await scim.must('PATCH', path, patchOp({ op: 'replace', path: 'requestOnlyAttr', value: 'other' }))
    assert.equal(patched.requestOnlyAttr, 'other')
  })

  it('R57 R66 R82 readOnly is ignored in POST and PUT, and 400 mutability in PATCH', async () => {
    const scim = await client()
    const created = await scim.must('POST', '/TestResources', thing('t', full))
    const path = `/TestResources/${created.id}`
    const replaced = await scim.must('PUT', path, thing('t', full))
    for (const one of [created, replaced]) assert.equal('readOnlyAttr' in one, false)
    const patch = patchOp({ op: 'add', path: 'readOnlyAttr', value: 'mine' })
    assertScimError(await scim.call('PATCH', path, patch), 400, 'mutability')
  })

  it('R67 R83 immutable is accepted at creation and while it has no value, and its value stays', async () => {
    const scim = await client()
    const created = await scim.must('POST', '/TestResources', thing('t', { immutableAttr: 'first' }))
    assert.equal(created.immutableAttr, 'first')
    const path = `/TestResources/${created.id}`
    assert.equal((await scim.must('PUT', path, thing('t', { immutableAttr: 'first' }))).immutableAttr, 'first')
    assertScimError(await scim.call('PUT', path, thing('t', { immutableAttr: 'second' })), 400, 'mutability')
    const change = patchOp({ op: 'replace', path: 'immutableAttr', value: 'second' })
    assertScimError(await scim.call('PATCH', path, change), 400, 'mutability')
    const later = await scim.must('POST', '/TestResources', thing('u'))
    const set = await scim.must('PUT', `/TestResources/${later.id}`, thing('u', { immutableAttr: 'late' }))
    assert.equal(set.immutableAttr, 'late')
  })

  it('R85 a PUT without a writeOnly value leaves it, and without others clears them', async () => {
    const scim = await client()
    const created = await scim.must('POST', '/TestResources', thing('t', full))
    const replaced = await scim.must(
      'PUT',
      `/TestResources/${created.id}`,
      thing('t', { alwaysReturnedAttr: 'always' }),
    )
    assert.equal('caseExactString' in replaced, false)
    const again = await scim.must('PUT', `/TestResources/${created.id}`, thing('t', { alwaysReturnedAttr: 'always' }))
    assert.equal(again.meta.version, replaced.meta.version)
    const { items } = await usher.admin('GET', '/organizations?limit=200')
    const slug = created.meta.location.split('/').at(-3)
    const { id: org } = items.find((one: { slug: string }) => one.slug === slug)
    const stored = await usher.store.resources.findOne(org, { _id: created.id })
    assert.equal(stored?.resource.writeOnlyAttr, full.writeOnlyAttr, 'nobody is shown it, and it is there')
  })

  it('R87 a value that is unique among resources is 409 for another one and allowed for its owner', async () => {
    const scim = await client()
    const first = await scim.must('POST', '/TestResources', thing('t', { uniqueString: 'One' }))
    assertScimError(await scim.call('POST', '/TestResources', thing('u', { uniqueString: 'oNE' })), 409, 'uniqueness')
    assertScimError(await scim.call('POST', '/TestResources', thing('t')), 409, 'uniqueness')
    assert.equal((await scim.call('POST', '/TestResources', thing('T'))).status, 201)
    const kept = await scim.must('PUT', `/TestResources/${first.id}`, thing('t', { uniqueString: 'One' }))
    assert.equal(kept.meta.version, first.meta.version)
  })

  it('R261 R62 an extension that is required, and what is required in it, must be there', async () => {
    const scim = await client()
    for (const more of [
      { [extensionUrn]: undefined },
      { [extensionUrn]: {} },
      { [extensionUrn]: { extString: 'a' } },
    ]) {
      assertScimError(await scim.call('POST', '/TestResources', thing('t', more)), 400, 'invalidValue')
    }
  })

  it('R52 two primary values are 400 invalidValue, and primary false is not shown as true', async () => {
    const scim = await client()
    const two = [
      { value: 'a', primary: true },
      { value: 'b', primary: true },
    ]
    assertScimError(await scim.call('POST', '/TestResources', thing('t', { multiComplex: two })), 400, 'invalidValue')
    const { id, multiComplex } = await scim.must(
      'POST',
      '/TestResources',
      thing('t', { multiComplex: [{ value: 'a' }, { value: 'b', primary: true }] }),
    )
    assert.deepEqual(multiComplex, [{ value: 'a' }, { value: 'b', primary: true }])
    assertScimError(
      await scim.call('PUT', `/TestResources/${id}`, thing('t', { multiComplex: two })),
      400,
      'invalidValue',
    )
  })

  it('R53 equal pairs of type and value are one value', async () => {
    const scim = await client()
    const twice = [
      { value: 'a', type: 't' },
      { value: 'b', type: 't' },
      { value: 'a', type: 't' },
      { value: 'a', type: 'u' },
    ]
    const { multiComplex } = await scim.must('POST', '/TestResources', thing('t', { multiComplex: twice }))
    assert.deepEqual(multiComplex, [
      { value: 'a', type: 't' },
      { value: 'b', type: 't' },
      { value: 'a', type: 'u' },
    ])
  })
})

describe('values as they were sent', () => {
  it('R54 R55 case and blanks around stay in the output', async () => {
    const scim = await client()
    const emails = [{ value: 'Ann@Example.COM', type: 'Work' }]
    const body = user(' Ann@Example.COM ', {
      displayName: '  Ann ',
      emails,
    })
    const created = await scim.must('POST', '/Users', body)
    const read = await scim.must('GET', `/Users/${created.id}`)
    for (const one of [created, read]) {
      assert.equal(one.userName, ' Ann@Example.COM ')
      assert.equal(one.displayName, '  Ann ')
      assert.deepEqual(one.emails, emails)
    }
  })

  it('R56 R57 row 69 a password is in no answer, change or filter', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const password = 'Correct-Horse-9f3'
    const created = await scim.call('POST', '/Users', user('ann', { password }))
    const path = `/Users/${created.body.id}`
    const answers = [
      created,
      await scim.call('PUT', `${path}?attributes=password,userName`, user('ann', { password })),
      await scim.call('PATCH', path, patchOp({ op: 'replace', path: 'password', value: password })),
      await scim.call('PATCH', path, patchOp({ op: 'replace', value: { password, active: true } })),
      await scim.call('GET', `${path}?attributes=password`),
      await scim.call('GET', '/Users?attributes=password'),
      await organization.ask('GET', '/changes'),
    ]
    for (const { status, text } of answers) {
      assert.ok(status < 300, text)
      assert.doesNotMatch(text, /Correct-Horse|"password"/)
    }
    assertScimError(await scim.call('GET', '/Users?filter=password%20co%20%22a%22'), 400, 'invalidFilter')
    const strict = await organization.scimClient({ dialect: 'interop-strict' })
    const refused = await strict.call('POST', '/Users', user('bob', { password }))
    assertScimError(refused, 400, 'invalidValue')
    assert.doesNotMatch(refused.text, /Correct-Horse/)
  })
})
