import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { at, bulk, statusesOf } from './bulking.ts'
import { list, pick, query } from './listing.ts'
import { assertScimError } from './scim-error.ts'
import { patchOp, type ScimClient, startUsher } from './usher.ts'

const schemasDir = fileURLToPath(new URL('../fixtures/schemas/', import.meta.url))
const usher = await startUsher({ USHER_SCHEMAS_DIR: schemasDir })
const newClient = async (settings = {}) => (await usher.organization()).scimClient(settings)

const core = 'urn:ietf:params:scim:schemas:test:2.0:TestResource'
const extension = 'urn:ietf:params:scim:schemas:extension:test:2.0:TestResource'

type Attributes = Readonly<Record<string, unknown>>

function thing(identifier: string, more: Attributes = {}): Attributes {
  return { schemas: [core, extension], identifier, [extension]: { extRequired: 'here' }, ...more }
}

const every = {
  caseExactString: 'Case Exact',
  caseInsensitiveString: 'Case Insensitive',
  integerAttr: 42,
  booleanAttr: true,
  dateTimeAttr: '2026-05-01T10:00:00Z',
  binaryAttr: 'AAECAw==',
  referenceAttr: 'https://example.com/Thing',
  immutableAttr: 'once',
  requestOnlyAttr: 'asked',
  alwaysReturnedAttr: 'always',
  multiStrings: ['a', 'b'],
  complexAttr: { sub1: 'one', sub2: 2, sub3: true },
  multiComplex: [
    { value: 'v1', type: 'work', primary: true },
    { value: 'v2', type: 'home' },
  ],
  uniqueString: 'Unique',
  [extension]: { extString: 'ext', extRequired: 'here', extInteger: 7 },
}

async function make(client: ScimClient, identifier: string, more: Attributes = {}) {
  return client.must('POST', '/TestResources', thing(identifier, more))
}

describe('resource types from documents (RFC 7643 sections 6 and 7)', () => {
  it('R262 the type and its schemas are found by discovery', async () => {
    const client = await newClient()
    const type = await client.must('GET', '/ResourceTypes/TestResource')
    assert.equal(type.endpoint, '/TestResources')
    assert.equal(type.schema, core)
    assert.deepEqual(type.schemaExtensions, [{ schema: extension, required: true }])
    const schema = await client.must('GET', `/Schemas/${core}`)
    const names = schema.attributes.map(({ name }: { name: string }) => name)
    assert.ok(['identifier', 'multiComplex', 'requestOnlyAttr', 'writeOnlyAttr'].every((name) => names.includes(name)))
    await client.must('GET', `/Schemas/${extension}`)
    assert.ok(pick(await client.must('GET', '/ResourceTypes'), 'name').includes('TestResource'))
  })

  it('R262 every kind of attribute comes back as it was written', async () => {
    const client = await newClient()
    const made = await client.call('POST', '/TestResources', thing('t-1', every))
    assert.equal(made.status, 201, made.text)
    const { requestOnlyAttr, ...byDefault } = every
    const { id, meta, schemas, ...rest } = await client.must('GET', `/TestResources/${made.body.id}`)
    assert.deepEqual(rest, { identifier: 't-1', ...byDefault })
    assert.deepEqual(schemas.toSorted(), [core, extension].toSorted())
    assert.equal(meta.resourceType, 'TestResource')
    assert.equal(meta.location, made.headers.get('location'))
    assert.equal(made.headers.get('etag'), meta.version)
    assert.equal(made.body.requestOnlyAttr, requestOnlyAttr, 'shown to the request that wrote it')
    const put = await client.must('PUT', `/TestResources/${id}`, { ...rest, schemas })
    assert.equal(
      'requestOnlyAttr' in (await client.must('GET', `/TestResources/${id}?attributes=requestOnlyAttr`)),
      false,
    )
    assert.equal(put.integerAttr, 42)
    assert.equal((await client.call('DELETE', `/TestResources/${id}`)).status, 204)
    assertScimError(await client.call('GET', `/TestResources/${id}`), 404)
  })

  it('R261 a required extension that is absent or incomplete is 400', async () => {
    const client = await newClient()
    const { id } = await make(client, 't-1')
    const without = { schemas: [core], identifier: 't-2' }
    const incomplete = { ...without, schemas: [core, extension], [extension]: { extString: 'x' } }
    for (const body of [
      without,
      incomplete,
      { ...incomplete, [extension]: {} },
      { ...incomplete, [extension]: null },
    ]) {
      assertScimError(await client.call('POST', '/TestResources', body), 400, 'invalidValue')
      assertScimError(
        await client.call('PUT', `/TestResources/${id}`, { ...body, identifier: 't-1' }),
        400,
        'invalidValue',
      )
    }
    for (const path of [`${extension}:extRequired`, extension]) {
      const answer = await client.call('PATCH', `/TestResources/${id}`, patchOp({ op: 'remove', path }))
      assertScimError(answer, 400, 'mutability')
    }
  })

  it('R262 a required attribute and values of the wrong type are 400 invalidValue', async () => {
    const client = await newClient()
    const table: readonly Attributes[] = [
      { identifier: undefined },
      { identifier: '' },
      { caseExactString: 7 },
      { integerAttr: 1.5 },
      { integerAttr: 'x' },
      { integerAttr: [1] },
      { booleanAttr: 'perhaps' },
      { dateTimeAttr: 'yesterday' },
      { dateTimeAttr: '2026-02-30T00:00:00Z' },
      { binaryAttr: 'not base64!' },
      { referenceAttr: 7 },
      { complexAttr: 'x' },
      { complexAttr: { sub2: 'x' } },
      { multiComplex: [{ primary: 'perhaps' }] },
      {
        multiComplex: [
          { value: 'a', primary: true },
          { value: 'b', primary: true },
        ],
      },
      { [extension]: { extRequired: 'here', extInteger: 'x' } },
    ]
    for (const more of table) {
      const answer = await client.call('POST', '/TestResources', thing('t-1', more))
      assertScimError(answer, 400, 'invalidValue')
    }
    assert.equal((await list(client, '/TestResources')).totalResults, 0)
  })

  it('R49 row 90 numbers and dates have one form, or are 400 invalidValue', async () => {
    const client = await newClient()
    const sent = (attribute: string, json: string) => {
      const body = JSON.stringify(thing(`t-${Math.random()}`, { [attribute]: 'HERE' })).replace('"HERE"', json)
      return client.call('POST', '/TestResources', body)
    }
    for (const json of ['1e400', '-1e400', '9007199254740993', '99999999999999999999', '0.1']) {
      assertScimError(await sent('integerAttr', json), 400, 'invalidValue')
    }
    for (const [json, form] of [
      ['-0', 0],
      ['1e2', 100],
      ['1.0', 1],
      ['-2147483649', -2_147_483_649],
    ] as const) {
      const answer = await sent('integerAttr', json)
      assert.equal(answer.status, 201, answer.text)
      assert.ok(Object.is(answer.body.integerAttr, form), `${json} ${answer.text}`)
    }
    for (const json of ['"2026-01-01"', '"2026-01-01T25:00:00Z"', '"2026-13-01T00:00:00Z"', '1767225600', '""']) {
      const answer = await sent('dateTimeAttr', json)
      if (json === '""') assert.ok(answer.status === 201 ? !('dateTimeAttr' in answer.body) : answer.status === 400)
      else assertScimError(answer, 400, 'invalidValue')
    }
    for (const json of ['"2026-01-01T00:00:00"', '"2016-12-31T23:59:60Z"']) {
      const answer = await sent('dateTimeAttr', json)
      assert.ok(answer.status === 201 || answer.body.scimType === 'invalidValue', answer.text)
    }
    const zoned = await sent('dateTimeAttr', '"2026-01-01T02:00:00+02:00"')
    assert.equal(new Date(zoned.body.dateTimeAttr).getTime(), Date.UTC(2026, 0, 1))
  })

  it('R262 readOnly is ignored, immutable is set once, writeOnly is never shown', async () => {
    const client = await newClient()
    const made = await make(client, 't-1', { readOnlyAttr: 'x', writeOnlyAttr: 'secret', immutableAttr: 'once' })
    const path = `/TestResources/${made.id}`
    assert.equal('readOnlyAttr' in made, false)
    const named = await client.must('GET', `${path}?attributes=writeOnlyAttr,readOnlyAttr`)
    assert.equal('writeOnlyAttr' in named || 'writeOnlyAttr' in made, false)
    const change = (name: string, value: unknown) =>
      client.call('PATCH', path, patchOp({ op: 'replace', path: name, value }))
    assertScimError(await change('readOnlyAttr', 'x'), 400, 'mutability')
    assertScimError(await change('immutableAttr', 'twice'), 400, 'mutability')
    assert.equal((await change('immutableAttr', 'once')).status, 200)
    const twice = thing('t-1', { immutableAttr: 'twice' })
    assertScimError(await client.call('PUT', path, twice), 400, 'mutability')
    const late = await make(client, 't-2')
    const first = patchOp({ op: 'add', path: 'immutableAttr', value: 'late' })
    assert.equal((await client.must('PATCH', `/TestResources/${late.id}`, first)).immutableAttr, 'late')
  })

  it('R262 R210 returned always, default and request', async () => {
    const client = await newClient()
    const { id } = await make(client, 't-1', every)
    const shown = async (parameters: Readonly<Record<string, string>>) =>
      Object.keys((await query(client, `/TestResources/${id}`, parameters)).body).toSorted()
    const always = ['alwaysReturnedAttr', 'id', 'schemas']
    assert.deepEqual(await shown({ attributes: 'identifier' }), [...always, 'identifier'].toSorted())
    assert.deepEqual(await shown({ attributes: 'requestOnlyAttr' }), [...always, 'requestOnlyAttr'].toSorted())
    const reduced = await shown({ excludedAttributes: 'alwaysReturnedAttr,complexAttr,requestOnlyAttr' })
    assert.ok(reduced.includes('alwaysReturnedAttr'))
    assert.equal(reduced.includes('complexAttr') || reduced.includes('requestOnlyAttr'), false)
    const [listed] = (await list(client, '/TestResources')).Resources
    assert.equal('requestOnlyAttr' in listed, false)
  })

  it('R262 uniqueness: server, by case where case matters, and without it where it does not', async () => {
    const client = await newClient()
    await make(client, 'Name', { uniqueString: 'Unique' })
    assertScimError(await client.call('POST', '/TestResources', thing('Name')), 409, 'uniqueness')
    const other = await make(client, 'name')
    const taken = patchOp({ op: 'add', path: 'uniqueString', value: 'UNIQUE' })
    assertScimError(await client.call('PATCH', `/TestResources/${other.id}`, taken), 409, 'uniqueness')
    await make(client, 'third')
    await make(await newClient(), 'Name', { uniqueString: 'Unique' })
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => client.call('POST', '/TestResources', thing('race'))),
    )
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [201, ...Array.from({ length: 9 }, () => 409)])
  })

  it('R262 filters and sorts know the types of the attributes', async () => {
    const client = await newClient()
    await make(client, 'a', every)
    await make(client, 'b', { integerAttr: 7, caseExactString: 'case exact', multiStrings: ['c'] })
    const found = async (filter: string) =>
      pick(await list(client, '/TestResources', { filter, sortBy: 'identifier' }), 'identifier')
    const table = [
      ['integerAttr gt 9', ['a']],
      ['integerAttr le 42', ['a', 'b']],
      ['booleanAttr eq true', ['a']],
      ['dateTimeAttr lt "2026-05-01T12:00:00+01:00"', ['a']],
      ['caseExactString eq "case exact"', ['b']],
      ['caseInsensitiveString eq "CASE INSENSITIVE"', ['a']],
      ['referenceAttr eq "https://example.com/thing"', []],
      ['multiStrings eq "B"', ['a']],
      ['complexAttr.sub2 eq 2 and complexAttr[sub1 eq "ONE"]', ['a']],
      ['multiComplex[value eq "v1" and type eq "home"]', []],
      ['multiComplex[value eq "v1" and type eq "work"]', ['a']],
      [`${extension}:extInteger eq 7`, ['a']],
      [`${core}:identifier sw "b"`, ['b']],
      ['requestOnlyAttr pr', ['a']],
    ] as const
    for (const [filter, expected] of table) assert.deepEqual(await found(filter), expected, filter)
    for (const filter of ['integerAttr eq "x"', 'booleanAttr gt true', 'binaryAttr gt "AA=="', 'nothing pr']) {
      assertScimError(await query(client, '/TestResources', { filter }), 400, 'invalidFilter')
    }
    assert.deepEqual(pick(await list(client, '/TestResources', { sortBy: 'integerAttr' }), 'identifier'), ['b', 'a'])
    assert.equal((await list(client, '/', { filter: 'identifier pr' })).totalResults, 2)
  })

  it('R262 R218 PATCH and Bulk work alike, with versions', async () => {
    const client = await newClient()
    const results = await bulk(client, [
      { method: 'POST', path: '/TestResources', bulkId: 't', data: thing('t-1', every) },
      {
        method: 'PATCH',
        path: '/TestResources/bulkId:t',
        data: patchOp(
          { op: 'replace', path: 'multiComplex[type eq "home"].value', value: 'new' },
          { op: 'remove', path: 'multiStrings' },
          { op: 'add', path: `${extension}:extInteger`, value: 8 },
          { op: 'replace', path: 'complexAttr', value: { sub2: 3 } },
        ),
      },
    ])
    assert.deepEqual(statusesOf(results), ['201', '200'])
    const shown = await at(client, results[0]!)
    assert.equal(shown.multiComplex[1].value, 'new')
    assert.equal('multiStrings' in shown, false)
    assert.equal(shown[extension].extInteger, 8)
    assert.deepEqual(shown.complexAttr, { sub1: 'one', sub2: 3, sub3: true })
    assert.equal(results[1]!.version, shown.meta.version)
    const path = `/TestResources/${shown.id}`
    const stale = await client.call('DELETE', path, undefined, { 'if-match': results[0]!.version! })
    assertScimError(stale, 412)
  })

  it('R262 belongs to one organization, and its changes are recorded', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const { id } = await make(client, 't-1')
    const stranger = await newClient()
    assertScimError(await stranger.call('GET', `/TestResources/${id}`), 404)
    assertScimError(await stranger.call('DELETE', `/TestResources/${id}`), 404)
    assert.equal((await list(stranger, '/TestResources')).totalResults, 0)
    const { items } = await organization.admin('GET', '/changes')
    assert.equal(items.at(-1).resource.type, 'TestResource')
    assert.equal(items.at(-1).actor, `scim:${client.id}`)
  })

  it('R261 R127 an extension that is required cannot be removed, as a whole or in what it requires', async () => {
    const client = await newClient()
    const { id } = await make(client, 't-1')
    const path = `/TestResources/${id}`
    const before = await client.must('GET', path)
    for (const target of [extension, `${extension}:extRequired`]) {
      const answer = await client.call('PATCH', path, patchOp({ op: 'remove', path: target }))
      assertScimError(answer, 400, 'mutability')
      const nothing = await client.call('PATCH', path, patchOp({ op: 'replace', path: target, value: null }))
      assertScimError(nothing, 400, 'invalidValue')
    }
    const without = await client.call('PUT', path, { schemas: [core], identifier: 't-1' })
    assertScimError(without, 400, 'invalidValue')
    assert.deepEqual(await client.must('GET', path), before)
  })

  it('R264 data that was written before a schema changed is still readable', async () => {
    const organization = await usher.organization()
    const client = await organization.scimClient()
    const { id } = await make(client, 't-1', { integerAttr: 1 })
    const { _id: org } = (await usher.store.organizations.findOne({ slug: organization.slug }))!
    const former = { 'resource.integerAttr': 'seven', 'resource.formerAttr': 'x' }
    await usher.store.resources.updateOne(org, { _id: id }, { $set: former })
    const shown = await client.must('GET', `/TestResources/${id}`)
    assert.equal('formerAttr' in shown, false)
    assert.equal(shown.integerAttr, 'seven')
    assert.equal((await list(client, '/TestResources')).totalResults, 1)
    const change = patchOp({ op: 'replace', path: 'integerAttr', value: 7 })
    assert.equal((await client.must('PATCH', `/TestResources/${id}`, change)).integerAttr, 7)
  })
})
