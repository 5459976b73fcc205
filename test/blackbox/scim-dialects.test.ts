import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type DialectName, dialectNames } from '../../src/scim/dialects.ts'
import { assertRefused, enterpriseUrn, type Json, Patched } from './patching.ts'
import { type Answer, group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
/** A client of each dialect, each in an organization of its own. */
const clients = new Map<DialectName, ScimClient>()
for (const dialect of dialectNames) clients.set(dialect, await (await usher.organization()).scimClient({ dialect }))
const work = { value: 'ann@work.example', type: 'work' }
const home = { value: 'ann@home.example', type: 'home' }

/** What a switch makes of one request: success, or the `scimType` of the refusal. */
type Outcome = 'accepted' | 'invalidPath' | 'invalidSyntax' | 'invalidValue' | 'invalidFilter' | 'noTarget'
/** One outcome in most dialects, and another in some. */
type Expected = { readonly otherwise: Outcome } & { readonly [dialect in DialectName]?: Outcome }

const outcomeOf = ({ status, body }: Answer): string => (status < 300 ? 'accepted' : String(body?.scimType ?? status))

/** Gives `use` a user at the client of a dialect, who is alone there and goes afterwards. */
async function withAnn(dialect: DialectName, attributes: Json, use: (ann: Patched) => Promise<void>): Promise<void> {
  const ann = await Patched.of(clients.get(dialect)!, '/Users', user('ann@example.com', attributes))
  try {
    await use(ann)
  } finally {
    await ann.client.must('DELETE', ann.path)
  }
}

async function assertOutcomes(
  expected: Expected,
  attributes: Json,
  ask: (ann: Patched) => Promise<Answer>,
  check: (ann: Patched, dialect: DialectName) => Promise<void> = async () => {},
): Promise<void> {
  for (const dialect of dialectNames) {
    await withAnn(dialect, attributes, async (ann) => {
      const before = await ann.read()
      const answer = await ask(ann)
      const outcome = expected[dialect] ?? expected.otherwise
      assert.equal(outcomeOf(answer), outcome, `${dialect}: ${answer.text}`)
      if (outcome === 'accepted') await check(ann, dialect)
      else {
        assertRefused(answer, 400, outcome)
        assert.deepEqual(await ann.read(), before, dialect)
      }
    })
  }
}

const replace = (path: string | undefined, value: unknown): Json => ({
  op: 'replace',
  ...(path === undefined ? {} : { path }),
  value,
})
const find = (client: ScimClient, filter: string, path = '/Users') =>
  client.call('GET', `${path}?filter=${encodeURIComponent(filter)}`)

/** Where the standards and their clients contradict each other, the dialect of a SCIM client decides. */
describe('dialects', () => {
  it('C1 R139 a filtered replace without match: noTarget, entra creates the element from the selectors', () =>
    assertOutcomes(
      { otherwise: 'noTarget', entra: 'accepted' },
      { emails: [home] },
      (ann) => ann.ask(replace('emails[type eq "work" and primary eq true].value', work.value)),
      async (ann) => assert.deepEqual((await ann.read()).emails, [home, { ...work, primary: true }]),
    ))

  it('C1 a filter that describes no element is noTarget in every dialect', () =>
    assertOutcomes({ otherwise: 'noTarget' }, { emails: [home] }, (ann) =>
      ann.ask(replace('emails[type ne "home"].value', work.value)),
    ))

  it('C1b R112 a filtered add without match creates the element, interop-strict refuses', () =>
    assertOutcomes(
      { otherwise: 'accepted', 'interop-strict': 'noTarget' },
      { emails: [home] },
      (ann) => ann.ask({ op: 'add', path: 'emails[type eq "work"].value', value: work.value }),
      async (ann) => assert.deepEqual((await ann.read()).emails, [home, work]),
    ))

  it('C2 row 58 PATCH without path, with dotted, URN and filter keys: interop-strict refuses', () =>
    assertOutcomes(
      { otherwise: 'accepted', 'interop-strict': 'invalidSyntax' },
      { emails: [home] },
      (ann) =>
        ann.ask(
          replace(undefined, {
            'name.givenName': 'Ann',
            [`${enterpriseUrn}:department`]: 'Tools',
            'emails[type eq "home"].value': work.value,
          }),
        ),
      async (ann) => {
        const after = await ann.read()
        assert.deepEqual(after.name, { givenName: 'Ann' })
        assert.equal(after[enterpriseUrn].department, 'Tools')
        assert.deepEqual(after.emails, [{ ...home, value: work.value }])
      },
    ))

  it('C3 R99 an unknown path is invalidPath, entra and okta drop the operation', () =>
    assertOutcomes(
      { otherwise: 'invalidPath', entra: 'accepted', okta: 'accepted', onelogin: 'accepted' },
      {},
      (ann) => ann.ask(replace('shoeSize', 42), replace('title', 'Engineer')),
      async (ann) => {
        const after = await ann.read()
        assert.equal(after.title, 'Engineer')
        assert.equal('shoeSize' in after, false)
      },
    ))

  it('C3 row 52 what every object inherits is invalidPath in every dialect', () =>
    assertOutcomes({ otherwise: 'invalidPath' }, {}, (ann) => ann.ask(replace('constructor.prototype.a', 'x'))))

  it('C3 an unknown attribute and schema of a body are dropped, interop-strict refuses', () =>
    assertOutcomes(
      { otherwise: 'accepted', 'interop-strict': 'invalidSyntax' },
      {},
      (ann) =>
        ann.client.call('PUT', ann.path, {
          ...user('ann@example.com', { shoeSize: 42 }),
          schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', 'urn:example:unknown'],
        }),
      async (ann) => assert.doesNotMatch(JSON.stringify(await ann.read()), /shoeSize|urn:example/),
    ))

  it('C4 C15 R95 a PATCH is answered with the resource, in entra with 204 unless attributes are named', async () => {
    for (const dialect of dialectNames) {
      await withAnn(dialect, {}, async (ann) => {
        const team = await Patched.of(ann.client, '/Groups', group('Team'))
        for (const [one, operation] of [
          [ann, replace('title', 'Engineer')],
          [team, { op: 'add', path: 'members', value: [{ value: ann.id }] }],
        ] as const) {
          const answer = await one.ask(operation)
          assert.equal(answer.status, dialect === 'entra' ? 204 : 200, dialect)
          assert.equal(answer.text === '', dialect === 'entra')
          assert.equal(answer.headers.get('etag'), (await one.read()).meta.version)
          const named = await ann.client.call('PATCH', `${one.path}?attributes=id`, patchOp(operation))
          assert.equal(named.status, 200)
          assert.equal(named.body.id, one.id)
        }
      })
    }
  })

  it('C6 R148 a password is dropped, interop-strict refuses', () =>
    assertOutcomes(
      { otherwise: 'accepted', 'interop-strict': 'invalidValue' },
      {},
      (ann) => ann.ask(replace('password', 'correct horse')),
      async (ann) => assert.equal('password' in (await ann.read()), false),
    ))

  it('C8 R135 a complex attribute keeps what a replace does not name, in interop-strict it does not', () =>
    assertOutcomes(
      { otherwise: 'accepted' },
      { name: { givenName: 'Ann', familyName: 'Lee' } },
      (ann) => ann.ask(replace('name', { givenName: 'Anna' })),
      async (ann, dialect) =>
        assert.deepEqual((await ann.read()).name, {
          givenName: 'Anna',
          ...(dialect === 'interop-strict' ? {} : { familyName: 'Lee' }),
        }),
    ))

  it('C9 R176 row 32 an unknown attribute in a filter is invalidFilter, in entra it has no value', () =>
    assertOutcomes(
      { otherwise: 'invalidFilter', entra: 'accepted' },
      {},
      (ann) => find(ann.client, 'shoeSize eq "42"'),
      async (ann) => {
        assert.equal((await find(ann.client, 'shoeSize eq "42"')).body.totalResults, 0)
        assert.equal((await find(ann.client, 'shoeSize eq "42" or userName pr')).body.totalResults, 1)
      },
    ))

  it('C10 R14 a filter on /Schemas and /ResourceTypes is 403 or ignored, as the dialect has it', async () => {
    for (const dialect of dialectNames) {
      const client = clients.get(dialect)!
      const status = dialect === 'rfc' || dialect === 'interop-strict' ? 403 : 200
      for (const path of ['/Schemas', '/ResourceTypes']) {
        assert.equal((await find(client, 'id pr', path)).status, status, `${dialect} ${path}`)
      }
      assert.equal((await find(client, 'id pr', '/ServiceProviderConfig')).status, 200)
    }
  })

  it('C11 R91 a PATCH without schemas is required to have them, or taken for one', () =>
    assertOutcomes(
      { otherwise: 'accepted', rfc: 'invalidSyntax', 'interop-strict': 'invalidSyntax' },
      {},
      (ann) => ann.client.call('PATCH', ann.path, { Operations: [replace('title', 'Engineer')] }),
      async (ann) => assert.equal((await ann.read()).title, 'Engineer'),
    ))

  it('C12 C13 a required attribute is never removed, and a stale version is 412, in every dialect', async () => {
    for (const dialect of dialectNames) {
      await withAnn(dialect, {}, async (ann) => {
        await ann.refuse('mutability', { op: 'remove', path: 'userName' })
        const body = patchOp(replace('title', 'x'))
        assertRefused(await ann.client.call('PATCH', ann.path, body, { 'if-match': 'W/"99"' }), 412)
      })
    }
  })

  it('C14 R126 a filtered remove without match succeeds, interop-strict refuses', () =>
    assertOutcomes({ otherwise: 'accepted', 'interop-strict': 'noTarget' }, { emails: [home] }, (ann) =>
      ann.ask({ op: 'remove', path: 'emails[type eq "work"]' }),
    ))

  it('C17 R183 a text without quotes in a filter is accepted in entra only', () =>
    assertOutcomes(
      { otherwise: 'invalidFilter', entra: 'accepted' },
      {},
      (ann) => find(ann.client, 'userName eq ann@example.com'),
      async (ann) => assert.equal((await find(ann.client, 'userName eq ANN@example.com')).body.totalResults, 1),
    ))

  it('R160 the name of an extension attribute alone is found in a filter, not in interop-strict', () =>
    assertOutcomes({ otherwise: 'accepted', 'interop-strict': 'invalidFilter' }, {}, (ann) =>
      find(ann.client, 'department eq "Tools"'),
    ))

  it('R146 R167 rows 38 and 57 booleans as texts, in bodies and in filters', async () => {
    await assertOutcomes({ otherwise: 'accepted', 'interop-strict': 'invalidValue' }, {}, (ann) =>
      ann.ask(replace('active', 'False')),
    )
    await assertOutcomes({ otherwise: 'accepted', 'interop-strict': 'invalidFilter' }, {}, (ann) =>
      find(ann.client, 'active eq "True"'),
    )
  })

  it('R143 a manager as a text, and no text for none: interop-strict refuses', () =>
    assertOutcomes(
      { otherwise: 'accepted', 'interop-strict': 'invalidValue' },
      {},
      (ann) => ann.ask(replace(`${enterpriseUrn}:manager`, 'boss')),
      async (ann) => {
        assert.equal((await ann.read())[enterpriseUrn].manager.value, 'boss')
        assert.equal(enterpriseUrn in (await ann.apply(replace(`${enterpriseUrn}:manager`, ''))), false)
      },
    ))

  it('R257 roles as texts: interop-strict refuses, and JSON inside of value is read in entra only', async () => {
    await assertOutcomes(
      { otherwise: 'accepted', 'interop-strict': 'invalidValue' },
      {},
      (ann) => ann.ask({ op: 'add', path: 'roles', value: ['editor'] }),
      async (ann) => assert.ok((await ann.read()).roles.some(({ value }: Json) => value === 'editor')),
    )
    const value = JSON.stringify({ id: '1', value: 'editor', displayName: 'Editor' })
    await assertOutcomes(
      { otherwise: 'accepted' },
      {},
      (ann) => ann.ask({ op: 'add', path: 'roles', value: [{ value }] }),
      async (ann, dialect) => {
        const values = (await ann.read()).roles.map((role: Json) => role.value)
        assert.equal(values.includes('editor'), dialect === 'entra', dialect)
      },
    )
  })

  it('R92 an empty list of operations is invalidSyntax, in entra nothing', () =>
    assertOutcomes({ otherwise: 'invalidSyntax', entra: 'accepted' }, {}, (ann) => ann.ask()))
})
