import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { list, query, withQuery } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { type Answer, group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)

const core = 'urn:ietf:params:scim:schemas:core:2.0:User'
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const provisioning = 'urn:usher:scim:schemas:provisioning:1.0:User'
const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

const ann = {
  ...user('ann@example.com'),
  schemas: [core, enterprise],
  name: { givenName: 'Ann', familyName: 'Lee' },
  title: 'Engineer',
  emails: [
    { value: 'ann@example.com', type: 'work', primary: true },
    { value: 'ann@home.example', type: 'home' },
  ],
  [enterprise]: { department: 'Lab', employeeNumber: '7' },
}

async function makeAnn(settings = {}): Promise<{ client: ScimClient; id: string; path: string }> {
  const client = await newClient(settings)
  const { id } = await client.must('POST', '/Users', ann)
  return { client, id, path: `/Users/${id}` }
}

const keys = (resource: object) => Object.keys(resource).toSorted()

describe('attributes and excludedAttributes (RFC 7644 section 3.9)', () => {
  it('R205 attributes gives what is named and what is always returned, and no meta', async () => {
    const { client, id, path } = await makeAnn()
    const shown = await client.must('GET', withQuery(path, { attributes: 'userName,emails.value' }))
    assert.deepEqual(shown, {
      schemas: shown.schemas,
      id,
      userName: 'ann@example.com',
      emails: [{ value: 'ann@example.com' }, { value: 'ann@home.example' }],
    })
    assert.ok(shown.schemas.includes(core))
    const withMeta = await client.must('GET', withQuery(path, { attributes: 'meta.version' }))
    assert.deepEqual(keys(withMeta), ['id', 'meta', 'schemas'])
    assert.deepEqual(keys(withMeta.meta), ['version'])
  })

  it('R206 names may carry a URN, name an extension or a sub-attribute, in any case, with blanks', async () => {
    const { client, path } = await makeAnn()
    const shown = (attributes: string) => client.must('GET', withQuery(path, { attributes }))
    const table = [
      [`${core}:userName`, { userName: ann.userName }],
      [`${core}:name.givenName`, { name: { givenName: 'Ann' } }],
      ['USERNAME , Name.GIVENNAME', { userName: ann.userName, name: { givenName: 'Ann' } }],
      [`${enterprise}:department`, { [enterprise]: { department: 'Lab' } }],
      [enterprise.toUpperCase(), { [enterprise]: ann[enterprise] }],
      [`${enterprise},title`, { title: 'Engineer', [enterprise]: ann[enterprise] }],
      ['name', { name: ann.name }],
    ] as const
    for (const [attributes, expected] of table) {
      const { id, schemas, ...rest } = await shown(attributes)
      assert.deepEqual(rest, expected, attributes)
      assert.ok(id && schemas)
    }
    assert.deepEqual(await shown(' , '), await client.must('GET', path), 'no name asks for nothing in particular')
  })

  it('R207 row 44 excludedAttributes leaves out attributes, sub-attributes and extensions, never what is always', async () => {
    const { client, path } = await makeAnn()
    const whole = await client.must('GET', path)
    const without = (excludedAttributes: string) => client.must('GET', withQuery(path, { excludedAttributes }))
    assert.deepEqual(await without('id,schemas'), whole)
    const { title, ...rest } = whole
    assert.deepEqual(await without('title'), rest)
    assert.deepEqual((await without('name.familyName')).name, { givenName: 'Ann' })
    assert.deepEqual((await without('emails.type')).emails[1], { value: 'ann@home.example' })
    assert.equal(enterprise in (await without(enterprise)), false)
    assert.deepEqual((await without(`${enterprise}:department`))[enterprise], { employeeNumber: '7' })
    assert.equal('meta' in (await without('meta')), false)
  })

  it('R207 row 82 members that are excluded are not even read', async () => {
    const { client, id } = await makeAnn()
    const made = await client.must('POST', '/Groups', group('Crew', { members: [{ value: id }] }))
    const { memberships } = usher.store
    const reading = { find: memberships.find, stream: memberships.stream, aggregate: memberships.aggregate }
    let reads = 0
    for (const name of ['find', 'stream', 'aggregate'] as const) {
      Object.assign(memberships, {
        [name]: (...input: readonly unknown[]) => {
          reads += 1
          return Reflect.apply(reading[name], memberships, input)
        },
      })
    }
    try {
      for (const parameters of [{ excludedAttributes: 'members' }, { attributes: 'displayName' }]) {
        const one = await client.must('GET', withQuery(`/Groups/${made.id}`, parameters))
        assert.equal(one.displayName, 'Crew')
        assert.equal('members' in one, false)
        const { Resources } = await list(client, '/Groups', parameters)
        assert.equal('members' in Resources[0], false)
      }
      assert.equal(reads, 0)
      assert.equal((await client.must('GET', `/Groups/${made.id}`)).members.length, 1)
      assert.ok(reads > 0, 'the reads are counted')
    } finally {
      for (const name of ['find', 'stream', 'aggregate'] as const) Reflect.deleteProperty(memberships, name)
    }
  })

  it('R208 row 44 attributes wins over excludedAttributes; interop-strict refuses both together', async () => {
    const both = { attributes: 'userName,title', excludedAttributes: 'title' }
    const { client, path } = await makeAnn()
    assert.deepEqual(keys(await client.must('GET', withQuery(path, both))), ['id', 'schemas', 'title', 'userName'])
    const strict = await makeAnn({ dialect: 'interop-strict' })
    assertScimError(await query(strict.client, strict.path, both), 400, 'invalidValue')
    assertScimError(await query(strict.client, '/Users', both), 400, 'invalidValue')
  })

  it('R209 row 43 unknown and inner names are ignored and never returned', async () => {
    const { client, path } = await makeAnn()
    const names = '_id,org,search,keys,version,sources,holds,__proto__,constructor,$password,shoeSize,urn:x:y,a b,..'
    assert.deepEqual(keys(await client.must('GET', withQuery(path, { attributes: names }))), ['id', 'schemas'])
    assert.deepEqual(
      await client.must('GET', withQuery(path, { excludedAttributes: names })),
      await client.must('GET', path),
    )
    const { Resources } = await list(client, '/Users', { attributes: names })
    assert.deepEqual(keys(Resources[0]), ['id', 'schemas'])
  })

  it('R210 a password is not returned, not even by name', async () => {
    const { client, path } = await makeAnn()
    await client.must('PATCH', path, patchOp({ op: 'add', path: 'password', value: 'Secret-1234' }))
    for (const attributes of ['password', `${core}:password`, 'userName,PASSWORD']) {
      const answer = await query(client, path, { attributes })
      assert.equal('password' in answer.body, false)
      assert.doesNotMatch(answer.text, /Secret-1234/)
    }
  })

  it('R211 works on every answer that shows a resource', async () => {
    const client = await newClient({ dialect: 'entra' })
    const ofOne = { attributes: 'title' }
    const ask = (method: string, path: string, body?: unknown, parameters = ofOne) =>
      client.call(method, withQuery(path, parameters), body)
    const expect = (answer: Answer, status: number) => {
      assert.equal(answer.status, status, answer.text)
      const shown = answer.body.Resources?.[0] ?? answer.body
      assert.deepEqual(keys(shown), ['id', 'schemas', 'title'])
    }
    const made = await ask('POST', '/Users', ann)
    expect(made, 201)
    const path = `/Users/${made.body.id}`
    expect(await ask('PUT', path, { ...ann, title: 'Lead' }), 200)
    // The dialect answers 204, unless attributes are asked for.
    const change = patchOp({ op: 'replace', path: 'title', value: 'Boss' })
    assert.equal((await client.call('PATCH', path, change)).status, 204)
    expect(await ask('PATCH', path, change), 200)
    expect(await ask('GET', path), 200)
    expect(await ask('GET', '/Users'), 200)
    const search = { schemas: [searchUrn], attributes: ['title'] }
    expect(await client.call('POST', '/Users/.search', search), 200)
    expect(await client.call('POST', '/.search', { ...search, filter: 'userName pr' }), 200)
    const excluded = { schemas: [searchUrn], excludedAttributes: ['title', 'name'] }
    const [shown] = (await client.must('POST', '/Users/.search', excluded)).Resources
    assert.equal('title' in shown || 'name' in shown, false)
    assert.equal(shown.userName, ann.userName)
  })

  it('R212 a filter in a name does not fail', async () => {
    const { client, path } = await makeAnn()
    for (const attributes of ['emails[type eq "work"]', 'emails[type eq "work"].value']) {
      const { emails, ...rest } = await client.must('GET', withQuery(path, { attributes }))
      assert.deepEqual(keys(rest), ['id', 'schemas'])
      assert.equal(emails[0].value, 'ann@example.com')
    }
  })

  it('R205 the provisioning extension and computed attributes are shown alone when they are named', async () => {
    const { client, id, path } = await makeAnn()
    await client.must('POST', '/Groups', group('Crew', { members: [{ value: id }] }))
    const shown = await client.must('GET', withQuery(path, { attributes: `groups.display,${provisioning}:state` }))
    assert.deepEqual(shown.groups, [{ display: 'Crew' }])
    assert.deepEqual(shown[provisioning], { state: 'active' })
    assert.deepEqual(keys(shown), ['groups', 'id', 'schemas', provisioning])
    const [listed] = (await list(client, '/Users', { attributes: 'groups.display' })).Resources
    assert.deepEqual(listed.groups, [{ display: 'Crew' }])
  })
})
