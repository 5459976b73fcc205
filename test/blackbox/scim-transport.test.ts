import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rawHouse } from './raw.ts'
import { assertScimError } from './scim-error.ts'
import { group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const scimJson = 'application/scim+json'
const json = 'application/json'

const house = (settings?: Readonly<Record<string, unknown>>) => rawHouse(usher, settings)
const filtered = (filter: string) => `/Users?filter=${encodeURIComponent(filter)}`

/** RFC 7644 sections 3.8 and 3.1. */
describe('media types and characters', () => {
  it('R20 characters beyond ASCII and beyond two bytes come back as they were, also by filter', async () => {
    const { scim } = await house()
    const name = { familyName: 'Ωμέγα Łódź', givenName: '😀 𝒜nn 李' }
    const { id } = await scim.must(
      'POST',
      '/Users',
      user('zoë@bücher.example', { name, displayName: '\u{1F469}‍\u{1F680}' }),
    )
    const read = await scim.call('GET', `/Users/${id}`)
    assert.deepEqual(read.body.name, name)
    assert.equal(read.body.displayName, '\u{1F469}‍\u{1F680}')
    for (const filter of [
      'userName eq "zoë@bücher.example"',
      'name.givenName sw "😀 𝒜"',
      'displayName co "\u{1F680}"',
    ]) {
      assert.equal((await scim.must('GET', filtered(filter))).totalResults, 1, filter)
    }
  })

  it('R21 the media type is application/scim+json without a charset, on success and on refusal', async () => {
    const { scim, base } = await house()
    const created = await scim.call('POST', '/Users', user('ann'))
    const one = `/Users/${created.body.id}`
    const answers = [
      created,
      await scim.call('GET', one),
      await scim.call('PUT', one, user('ann', { title: 'X' })),
      await scim.call('PATCH', one, patchOp({ op: 'remove', path: 'title' })),
      await scim.call('GET', '/Users'),
      await scim.call('GET', '/Schemas'),
      await scim.call('POST', '/Users/.search', { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] }),
      await scim.call('GET', '/Users/nobody'),
      await scim.call('POST', '/Users', '{'),
      await usher.call('GET', `${base}/Users`),
      await usher.call('GET', '/scim/v2/nobody/none'),
    ]
    for (const answer of answers) assert.equal(answer.headers.get('content-type'), scimJson, answer.text)
  })

  for (const { accept, type } of [
    { accept: undefined, type: scimJson },
    { accept: '*/*', type: scimJson },
    { accept: scimJson, type: scimJson },
    { accept: json, type: json },
    { accept: `${json}, text/plain, */*`, type: scimJson },
    { accept: `${scimJson}, ${json}`, type: scimJson },
    { accept: `${json};q=0.5, ${scimJson};q=0.9`, type: scimJson },
    { accept: 'application/*', type: scimJson },
    { accept: 'text/html, */*;q=0.1', type: scimJson },
    { accept: `${scimJson}; charset=utf-8`, type: scimJson },
    { accept: 'APPLICATION/JSON', type: json },
  ]) {
    it(`R22 C7 Accept: ${accept ?? '(none)'} is answered with ${type}`, async () => {
      const { raw } = await house()
      const answer = await raw('GET', '/Users', accept === undefined ? {} : { accept })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers.get('content-type'), type)
    })
  }

  for (const accept of ['text/html', 'application/xml', 'text/html, image/png', `${json};q=0, ${scimJson};q=0`]) {
    it(`R22 row 20 Accept: ${accept} is 406 with a SCIM error`, async () => {
      const { raw } = await house()
      assertScimError(await raw('GET', '/Users', { accept }), 406)
      assertScimError(await raw('GET', '/ServiceProviderConfig', { accept }), 406)
    })
  }

  for (const { dialect, type } of [
    { dialect: 'entra', type: scimJson },
    { dialect: 'okta', type: json },
    { dialect: 'onelogin', type: json },
    { dialect: 'interop-strict', type: scimJson },
  ]) {
    it(`R22 C7 a client of the dialect ${dialect} that accepts application/json gets ${type}`, async () => {
      const { raw } = await house({ dialect })
      for (const path of ['/Users', '/Users/nobody', '/ServiceProviderConfig']) {
        assert.equal((await raw('GET', path, { accept: json })).headers.get('content-type'), type, path)
      }
    })
  }

  it('C7 a client of the dialect onelogin gets application/json whatever it accepts', async () => {
    const { raw } = await house({ dialect: 'onelogin' })
    for (const accept of [scimJson, '*/*']) {
      assert.equal((await raw('GET', '/Users', { accept })).headers.get('content-type'), json)
    }
  })

  for (const type of [
    scimJson,
    json,
    `${scimJson}; charset=utf-8`,
    `${json};charset="UTF-8"`,
    'Application/SCIM+JSON',
    undefined,
  ]) {
    it(`R23 a body of the type ${type ?? '(none)'} is read`, async () => {
      const { raw } = await house()
      const answer = await raw(
        'POST',
        '/Users',
        type === undefined ? {} : { 'content-type': type },
        JSON.stringify(user('ann')),
      )
      assert.equal(answer.status, 201, answer.text)
    })
  }

  for (const type of [
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'nonsense',
    `${json}; charset=latin1`,
  ]) {
    it(`R23 row 13 a body of the type ${type} is 415`, async () => {
      const { raw } = await house()
      const body = JSON.stringify(user('ann'))
      assertScimError(await raw('POST', '/Users', { 'content-type': type }, body), 415)
      assertScimError(await raw('PATCH', '/Users/x', { 'content-type': type }, body), 415)
    })
  }
})

/** RFC 7644 section 3.12. */
describe('errors', () => {
  for (const [what, body] of [
    ['cut off', '{"schemas":['],
    ['with a trailing comma', '{"userName":"ann",}'],
    ['no JSON at all', 'userName=ann'],
    ['only a blank', ' '],
  ] as const) {
    it(`R24 a body that is ${what} is 400 invalidSyntax`, async () => {
      const { scim } = await house()
      for (const [method, path] of [
        ['POST', '/Users'],
        ['PUT', '/Users/x'],
        ['PATCH', '/Users/x'],
        ['POST', '/Bulk'],
        ['POST', '/.search'],
      ] as const) {
        assertScimError(await scim.call(method, path, body), 400, 'invalidSyntax')
      }
    })
  }

  it('R24 a request that needs a body and has none is 400 invalidSyntax', async () => {
    const { scim } = await house()
    const { id } = await scim.must('POST', '/Users', user('ann'))
    for (const [method, path] of [
      ['POST', '/Users'],
      ['PUT', `/Users/${id}`],
      ['PATCH', `/Users/${id}`],
      ['POST', '/Bulk'],
      ['POST', '/Users/.search'],
    ] as const) {
      assertScimError(await scim.call(method, path), 400, 'invalidSyntax')
    }
  })

  it('R25 R26 R30 every refusal has the body of a SCIM error and nothing more', async () => {
    const { scim, raw, base, organization } = await house()
    const { id } = await scim.must('POST', '/Users', user('ann'))
    const { token: reader } = await organization.admin('POST', '/api-keys', { name: 'reader', scopes: ['read'] })
    const big = JSON.stringify(user('big', { title: 'x'.repeat(1_200_000) }))
    assertScimError(await scim.call('POST', '/Users', user('')), 400, 'invalidValue')
    assertScimError(await usher.call('GET', `${base}/Users`), 401)
    assertScimError(await usher.call('POST', `${base}/Users`, { token: reader, body: user('bob') }), 403)
    assertScimError(await scim.call('GET', '/Users/nobody'), 404)
    assertScimError(await scim.call('GET', '/Nothing'), 404)
    assertScimError(await scim.call('GET', '/Users/a/b/c'), 404)
    assertScimError(await scim.call('DELETE', '/Users'), 405)
    assertScimError(await raw('GET', '/Users', { accept: 'text/html' }), 406)
    assertScimError(await scim.call('POST', '/Users', user('ann')), 409, 'uniqueness')
    assertScimError(await scim.call('DELETE', `/Users/${id}`, undefined, { 'if-match': '"other"' }), 412)
    assertScimError(await scim.call('POST', '/Users', big), 413)
    assertScimError(await raw('POST', '/Users', { 'content-type': 'text/plain' }, '{}'), 415)
    assertScimError(await scim.call('GET', '/Me'), 501)
  })

  it('R26 R31 a failure of ours is 500 in the same form, and says nothing of the inside', async () => {
    const { scim } = await house()
    const { id } = await scim.must('POST', '/Groups', group('Crew'))
    const { groups } = usher.store
    Object.assign(groups, { find: () => Promise.reject(new Error('mongodb://root:secret@inside failed')) })
    try {
      const answer = await scim.call('GET', `/Groups/${id}`)
      assertScimError(answer, 500)
      assert.doesNotMatch(answer.text, /secret|inside|mongodb|Error:|\bat /)
      assert.match(answer.headers.get('x-request-id') ?? '', /^[\w-]{8,}$/)
      assert.equal(answer.text.includes(answer.headers.get('x-request-id') ?? '-'), false)
    } finally {
      Reflect.deleteProperty(groups, 'find')
    }
    assert.equal((await scim.call('GET', `/Groups/${id}`)).status, 200)
  })

  it('R27 rows 1 2 a 401 names the schemes that can be used', async () => {
    const { base } = await house()
    for (const authorization of [undefined, 'Basic YW5uOnB3', 'Bearer usher_scim_made-up', 'Bearer']) {
      const headers = authorization === undefined ? {} : { authorization }
      for (const path of ['/Users', '/Users/x', '/Bulk', '/Me', '/Nothing']) {
        const answer = await usher.call('GET', base + path, { headers })
        assertScimError(answer, 401)
        assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer\b/)
      }
    }
  })

  it('R28 R29 keywords are those of the standard, with the status that belongs to each', async () => {
    const { scim } = await house()
    const { id } = await scim.must('POST', '/Users', user('ann'))
    await scim.must('POST', '/Users', user('bob'))
    const one = `/Users/${id}`
    const patch = (operation: Readonly<Record<string, unknown>>) => scim.call('PATCH', one, patchOp(operation))
    assertScimError(await scim.call('GET', filtered('userName eq')), 400, 'invalidFilter')
    assertScimError(await scim.call('GET', ''), 400, 'tooMany')
    assertScimError(await scim.call('POST', '/Users', user('BOB')), 409, 'uniqueness')
    assertScimError(await scim.call('PUT', one, user('bob')), 409, 'uniqueness')
    assertScimError(await patch({ op: 'replace', path: 'userName', value: 'Bob' }), 409, 'uniqueness')
    assertScimError(await patch({ op: 'replace', path: 'id', value: 'other' }), 400, 'mutability')
    assertScimError(await patch({ op: 'move', path: 'title' }), 400, 'invalidSyntax')
    assertScimError(await patch({ op: 'add', path: 'emails[type eq', value: 'x' }), 400, 'invalidPath')
    assertScimError(await patch({ op: 'remove' }), 400, 'noTarget')
    assertScimError(await patch({ op: 'replace', path: 'active', value: 'maybe' }), 400, 'invalidValue')
    assertScimError(await scim.call('GET', '/Users?cursor=made-up'), 400, 'invalidCursor')
  })

  it('R31 each answer has a correlation id in a header, and a sane one of the client is kept', async () => {
    const { scim } = await house()
    const answer = await scim.call('GET', '/Users/nobody')
    assert.match(answer.headers.get('x-request-id') ?? '', /^[\w-]{8,}$/)
    const given = await scim.call('GET', '/Users', undefined, { 'x-request-id': 'run-42/a' })
    assert.equal(given.headers.get('x-request-id'), 'run-42/a')
    const insane = await scim.call('GET', '/Users', undefined, { 'x-request-id': 'x'.repeat(500) })
    assert.notEqual(insane.headers.get('x-request-id'), 'x'.repeat(500))
  })
})
