import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { buildHouse } from './house.ts'
import { group, startUsher } from './usher.ts'

const usher = await startUsher()
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

describe('A12 what is refused at save, with its path', () => {
  const mapping = (attribute: string, more = {}) => ({ attributes: [{ attribute, claim: 'x', ...more }] })
  const cases: readonly (readonly [string, object, string])[] = [
    ['null', { mode: null }, 'mode'],
    ['null within', { limits: { removalShare: null } }, 'limits.removalShare'],
    ['an unknown value', { attributeSyncMethod: 'SOME' }, 'attributeSyncMethod'],
    ['an unknown member', { modes: 'on' }, 'modes'],
    ['an unknown member within', { reactivate: { locked: true } }, 'reactivate.locked'],
    ['a share beyond one', { limits: { removalShare: 1.5 } }, 'limits.removalShare'],
    ...['id', 'meta', 'meta.created', 'schemas', 'active', 'password', 'groups', 'roles', 'userName'].map(
      (target) => [`G12 120 the target ${target}`, mapping(target), 'attributes.0.attribute'] as const,
    ),
    ['G12 the target roles by filter', mapping('roles[type eq "x"].value'), 'attributes.0.attribute'],
    [
      'G12 the provisioning extension',
      mapping('urn:usher:scim:schemas:provisioning:1.0:User:state'),
      'attributes.0.attribute',
    ],
    ['an unknown attribute', mapping('shoeSize'), 'attributes.0.attribute'],
    ['__proto__', mapping('__proto__.polluted'), 'attributes.0.attribute'],
    [
      'G11 a claim that means something to JavaScript',
      { attributes: [{ attribute: 'title', claim: '__proto__' }] },
      'attributes.0.claim',
    ],
    [
      'a mapping twice',
      { attributes: [...mapping('title').attributes, ...mapping('TITLE').attributes] },
      'attributes.1.attribute',
    ],
    ['claim and value', mapping('title', { value: 'v' }), 'attributes.0'],
    ['a constant that the schema refuses', { attributes: [{ attribute: 'title', value: 7 }] }, 'attributes.0.value'],
    ['default without onMissing', mapping('title', { default: 'x' }), 'attributes.0.default'],
    [
      'a template that cannot be read',
      { attributes: [{ attribute: 'title', template: '{a|upper}' }] },
      'attributes.0.template',
    ],
    [
      'G10 an expression that cannot be read',
      { attributes: [{ attribute: 'title', expression: 'uper(title)' }] },
      'attributes.0.expression',
    ],
    ['claim and expression', mapping('title', { expression: 'x' }), 'attributes.0'],
    ['an expression of the user name', { userName: { expression: 'lower(' } }, 'userName.expression'],
    [
      'G9 a pattern of a mapping that needs more than linear time',
      { groups: { mode: 'sync', mapping: [{ pattern: '(?=a)', group: 'g' }] } },
      'groups.mapping.0.pattern',
    ],
    [
      'a mapping by prefix and value',
      { groups: { mode: 'sync', mapping: [{ prefix: 'a', value: 'b', group: 'g' }] } },
      'groups.mapping.0',
    ],
    [
      'an unknown role of a pattern',
      { roles: { mode: 'sync', mapping: [{ pattern: '.*', role: '$1' }] } },
      'roles.mapping.0.role',
    ],
    [
      'G9 a pattern that is too long',
      { claimFilter: [{ claim: 'a', operator: 'matches', value: 'a'.repeat(257) }] },
      'claimFilter.0.value',
    ],
    [
      'G9 a pattern that needs more than linear time',
      { claimFilter: [{ claim: 'a', operator: 'matches', value: '(a)\\1' }] },
      'claimFilter.0.value',
    ],
    ['a rule onto another attribute', { matching: [{ claim: 'a', attribute: 'displayName' }] }, 'matching.0.attribute'],
    ['an unknown group', { groups: { mode: 'assign', assign: ['Nobody'] } }, 'groups.assign.0'],
    [
      'an unknown group of a mapping',
      { groups: { mode: 'sync', mapping: [{ value: 'v', group: 'Nobody' }] } },
      'groups.mapping.0.group',
    ],
    ['an unknown role', { roles: { mode: 'sync', allow: ['nobody'] } }, 'roles.allow.0'],
    ['an unknown group to protect', { neverLink: { groups: ['Nobody'] } }, 'neverLink.groups.0'],
    ['a required path that is none', { required: ['shoeSize'] }, 'required.0'],
  ]
  for (const [name, body, path] of cases) {
    it(`${name}: 400 at ${path}`, async () => {
      const { send } = await desk()
      const answer = await send('PUT', body)
      assert.equal(answer.status, 400, answer.text)
      assert.equal(answer.body.code, 'validation_failed')
      const paths = answer.body.errors.map((error: { path: string }) => error.path)
      assert.ok(paths.includes(path), paths.join(' '))
      assert.equal((await send('GET')).body.version, 1)
    })
  }

  it('G10 what is wrong with an expression is said with its column', async () => {
    const { send } = await desk()
    const { body } = await send('PUT', { attributes: [{ attribute: 'title', expression: "concat(a, uper('x'))" }] })
    assert.deepEqual(body.errors, [
      { path: 'attributes.0.expression', message: 'Column 11: There is no function "uper".' },
    ])
  })

  it('A12 every mistake is listed, not the first', async () => {
    const { send } = await desk()
    const { body } = await send('PUT', {
      roles: { assign: ['x'] },
      required: ['y'],
      attributes: [{ attribute: 'z', claim: 'c' }],
    })
    assert.deepEqual(body.errors.map(({ path }: { path: string }) => path).sort(), [
      'attributes.0.attribute',
      'required.0',
      'roles.assign.0',
    ])
  })

  it('A12 an unknown member is refused in a PATCH too, null included', async () => {
    const { send } = await desk()
    for (const [body, path] of [
      [{ modes: null }, 'modes'],
      [{ modes: 'on' }, 'modes'],
      [{ limits: { perHour: null } }, 'limits.perHour'],
      [{ mode: null, reactivate: { locked: null } }, 'reactivate.locked'],
    ] as const) {
      const answer = await send('PATCH', body)
      assert.equal(answer.status, 400, answer.text)
      assert.deepEqual(
        answer.body.errors.map((error: { path: string }) => error.path),
        [path],
      )
    }
    assert.equal((await send('GET')).body.version, 1)
  })

  it('K5 row 112 the subject claim and the issuer never change: 409 immutable', async () => {
    const { send, path, organization } = await desk()
    for (const [method, body] of [
      ['PUT', { subjectClaim: 'oid' }],
      ['PATCH', { subjectClaim: 'oid' }],
    ] as const) {
      const answer = await send(method, body)
      assert.deepEqual([answer.status, answer.body.code], [409, 'immutable'])
    }
    assert.equal((await send('PUT', { subjectClaim: 'sub' })).status, 200)
    const moved = await organization.ask('PATCH', path.replace(/\/jit$/, ''), { issuer: `${provider.issuer}/other` })
    assert.deepEqual([moved.status, moved.body.code], [409, 'immutable'])
  })

  it('G2 a group named by its name is kept by its id: a rename moves no grant', async () => {
    const home = await desk()
    const { id } = await home.scim.must('POST', '/Groups', group('Team'))
    const { body } = await home.send('PUT', { groups: { mode: 'assign', assign: ['team'] } })
    assert.deepEqual(body.groups.assign, [id])
    await home.scim.must('PUT', `/Groups/${id}`, group('Renamed'))
    await home.scim.must('POST', '/Groups', group('Team'))
    const login = await home.connection.login(home.person('ann'))
    assert.deepEqual(login.body.groups, [{ value: id, display: 'Renamed' }])
  })
})
