import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UsherError } from '../../src/errors.ts'
import { defaultAttributes } from '../../src/provisioning/default-attributes.ts'
import { effectiveAttributes, mergeJitSettings, readJitSettings } from '../../src/provisioning/settings.ts'
import { checkSettings, type SettingsReferences } from '../../src/provisioning/settings-check.ts'
import { defaults, enterprise, roles, userType } from './scenario.ts'

function pathsRefused(run: () => unknown): readonly string[] {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof UsherError)
    assert.equal(error.code, 'validation_failed')
    return error.errors.map(({ path }) => path)
  }
  return []
}
const refused = (input: unknown) => pathsRefused(() => readJitSettings(input, defaults))

describe('PUT', () => {
  test('what is omitted takes a default that destroys nothing', () => {
    assert.deepEqual(readJitSettings({}, defaults).settings, {
      mode: 'on',
      whenOff: 'pass_through',
      attributeSyncMethod: 'PRESERVE_LOCAL',
      authority: 'scim',
      subjectClaim: 'sub',
      emailTrust: 'domain',
      domains: 'verified',
      claimFilter: [],
      matching: [
        { claim: 'sub', attribute: 'externalId' },
        { claim: 'email', attribute: 'emails.value' },
      ],
      neverLink: { privileged: true, users: [], groups: [] },
      attributes: defaultAttributes,
      userName: { claim: 'email', onTaken: 'refuse' },
      required: [],
      groups: { mode: 'none' },
      roles: { mode: 'none' },
      reactivate: { suspended: false, deactivatedByScim: false, deactivatedByAdmin: false },
      afterDelete: 'refuse',
      limits: { createsPerHour: 1000, removalShare: 0.25 },
      onFailure: 'refuse',
    })
  })

  test('the default rule follows the subject claim', () => {
    assert.equal(readJitSettings({ subjectClaim: 'oid' }, defaults).settings.matching[0]?.claim, 'oid')
  })

  test('what GET shows can be put back', () => {
    const { settings } = readJitSettings({ limits: { removalShare: 0 }, userName: { template: '{sub}' } }, defaults)
    assert.deepEqual(readJitSettings(settings, defaults).settings, settings)
  })

  test('null, unknown members and unknown values are refused, all of them at once', () => {
    assert.deepEqual(
      [
        ...refused({ mode: null, attributeSyncMethod: 'override', surprise: 1, limits: { createsPerHour: -1, x: 1 } }),
      ].sort(),
      ['attributeSyncMethod', 'limits.createsPerHour', 'limits.x', 'mode', 'surprise'],
    )
    assert.deepEqual(
      refused({ attributes: [{ attribute: 'title', claim: null }] }).includes('attributes.0.claim'),
      true,
    )
    assert.equal(refused([]).length, 1)
    assert.equal(
      refused(JSON.parse('{"__proto__": {"mode": "off"}}')).length +
        Number(({} as { mode?: string }).mode !== undefined),
      1,
    )
  })

  test('a mapping has one giver, and onMissing default needs a default', () => {
    const attributes = (mapping: object) => refused({ attributes: [{ attribute: 'title', ...mapping }] })
    assert.deepEqual(attributes({}), ['attributes.0'])
    assert.deepEqual(attributes({ claim: 'a', value: 'b' }), ['attributes.0'])
    assert.deepEqual(attributes({ claim: 'a', template: '{b}' }), ['attributes.0'])
    assert.deepEqual(attributes({ claim: 'a', onMissing: 'default' }), ['attributes.0.default'])
    assert.deepEqual(attributes({ claim: 'a', default: 'x' }), ['attributes.0.default'])
    assert.deepEqual(attributes({ value: false }), [])
    assert.deepEqual(refused({ userName: { claim: 'a', template: '{a}' } }), ['userName'])
    assert.deepEqual(refused({ userName: { expression: 'a', template: '{a}' } }), ['userName'])
    assert.deepEqual(attributes({ expression: 'a', claim: 'b' }), ['attributes.0'])
    assert.deepEqual(attributes({ expression: 'lower(' }), ['attributes.0.expression'])
  })

  test('names, templates, patterns and sizes are checked', () => {
    assert.deepEqual(refused({ subjectClaim: '__proto__' }), ['subjectClaim'])
    assert.deepEqual(refused({ subjectClaim: 'a.__proto__.b' }), ['subjectClaim'])
    assert.deepEqual(refused({ attributes: [{ attribute: 'title', template: '{a|shout}' }] }), [
      'attributes.0.template',
    ])
    assert.deepEqual(refused({ userName: { pattern: '(a' } }), ['userName.pattern'])
    assert.deepEqual(refused({ userName: { pattern: 'a'.repeat(257) } }).includes('userName.pattern'), true)
    assert.deepEqual(refused({ claimFilter: [{ claim: 'a', operator: 'matches', value: '(?=a)' }] }), [
      'claimFilter.0.value',
    ])
    const mapping = (entry: object, times = 1) =>
      refused({ groups: { mapping: Array.from({ length: times }, () => ({ group: 'g', ...entry })) } })
    assert.deepEqual(mapping({}), ['groups.mapping.0'])
    assert.deepEqual(mapping({ value: 'a', prefix: 'b' }), ['groups.mapping.0'])
    assert.deepEqual(mapping({ pattern: '(a)\\1' }), ['groups.mapping.0.pattern'])
    assert.deepEqual(mapping({ pattern: 'a' }, 51), ['groups.mapping'])
    assert.deepEqual(mapping({ pattern: 'a{200}' }, 11), ['groups.mapping'])
    assert.deepEqual(mapping({ prefix: '' }), ['groups.mapping.0.prefix'])
    assert.deepEqual(refused({ roles: { claim: 'a', expression: 'b' } }), ['roles'])
    const many = Array.from({ length: 101 }, () => ({ attribute: 'title', claim: 'a' }))
    assert.deepEqual(refused({ attributes: many }), ['attributes'])
  })
})

describe('PATCH', () => {
  test('changes one field, and null puts the default back', () => {
    const { stored } = readJitSettings({ mode: 'link', limits: { createsPerHour: 5, removalShare: 0 } }, defaults)
    const patched = mergeJitSettings(stored, { mode: null, limits: { removalShare: null }, domains: 'any' }, defaults)
    assert.deepEqual(patched.stored, { limits: { createsPerHour: 5 }, domains: 'any' })
    assert.equal(patched.settings.mode, 'on')
    assert.equal(patched.settings.limits.removalShare, 0.25)
    assert.deepEqual(stored, { mode: 'link', limits: { createsPerHour: 5, removalShare: 0 } })
  })

  test('A12 one switch does not reset the method', () => {
    const { stored } = readJitSettings({ attributeSyncMethod: 'NONE', mode: 'on' }, defaults)
    assert.equal(mergeJitSettings(stored, { mode: 'off' }, defaults).settings.attributeSyncMethod, 'NONE')
  })

  test('a bad value is refused as in PUT', () => {
    assert.deepEqual(
      pathsRefused(() => mergeJitSettings({}, { mode: 'maybe' }, defaults)),
      ['mode'],
    )
    assert.deepEqual(
      pathsRefused(() => mergeJitSettings({}, JSON.parse('{"a":{"__proto__":1}}'), defaults)),
      ['a'],
    )
    assert.throws(() => mergeJitSettings({}, null, defaults), UsherError)
  })
})

describe('layers', () => {
  test('A11 the server-wide default applies to a connection that names nothing, and is shown as such', () => {
    const server = { mode: 'off', attributeSyncMethod: 'NONE' } as const
    const { layers, settings } = readJitSettings({ mode: 'on' }, server)
    assert.deepEqual([settings.mode, settings.attributeSyncMethod], ['on', 'NONE'])
    assert.deepEqual([layers.mode, layers.attributeSyncMethod, layers.authority], ['connection', 'server', 'default'])
  })

  test('f4 the effective mode of each attribute is shown with its layer', () => {
    const { stored } = readJitSettings(
      {
        attributes: [
          { attribute: 'title', claim: 'a' },
          { attribute: 'locale', claim: 'b', sync: 'IF_EMPTY', authority: 'login' },
        ],
      },
      defaults,
    )
    assert.deepEqual(effectiveAttributes(stored, { ...defaults, attributeSyncMethod: 'OVERRIDE_ALL' }), [
      {
        attribute: 'title',
        sync: 'ALWAYS',
        layer: 'server',
        authority: 'scim',
        authorityLayer: 'default',
        onMissing: 'clear',
        onMissingLayer: 'server',
      },
      {
        attribute: 'locale',
        sync: 'IF_EMPTY',
        layer: 'attribute',
        authority: 'login',
        authorityLayer: 'attribute',
        onMissing: 'clear',
        onMissingLayer: 'server',
      },
    ])
  })
})

describe('what is checked against the organization', () => {
  const references: SettingsReferences = {
    type: userType,
    groups: [
      { id: 'g-1', displayName: 'Sales', privileged: false },
      { id: 'g-2', displayName: 'Twins', privileged: false },
      { id: 'g-3', displayName: 'twins', privileged: false },
    ],
    roles,
    mayGrantPrivileged: true,
  }
  const check = (jit: unknown, over: Partial<SettingsReferences> = {}) =>
    checkSettings(readJitSettings(jit, defaults).stored, { ...references, ...over })
  const errorPaths = (jit: unknown) => check(jit).errors.map(({ path }) => path)

  for (const attribute of [
    'id',
    'meta.created',
    'schemas',
    'active',
    'password',
    'groups',
    'groups[type eq "direct"].value',
    'roles',
    'roles[value eq "admin"].value',
    'userName',
    'USERNAME',
    'urn:usher:scim:schemas:provisioning:1.0:User:state',
    `${enterprise}:manager.displayName`,
    'nonsense',
    'name',
    'emails.value',
    'emails[value pr].value',
    '__proto__',
    'name.constructor',
  ]) {
    test(`G12, row 120: ${attribute} cannot be the target of a mapping`, () => {
      assert.deepEqual(errorPaths({ attributes: [{ attribute, claim: 'x' }] }), ['attributes.0.attribute'])
    })
  }

  test('typed paths, extensions and externalId can', () => {
    const paths = [
      'externalId',
      'name.givenName',
      'emails[type eq "work"].value',
      'emails',
      `${enterprise}:department`,
      'TITLE',
    ]
    assert.deepEqual(errorPaths({ attributes: paths.map((attribute) => ({ attribute, claim: 'x' })) }), [])
  })

  test('a target is mapped once, and constants are of its type', () => {
    const attributes = [
      { attribute: 'title', claim: 'x' },
      { attribute: 'Title', claim: 'y' },
      { attribute: 'locale', value: 7 },
      { attribute: 'nickName', value: '' },
      { attribute: 'emails[primary eq true].value', claim: 'x', onMissing: 'default', default: false },
    ]
    assert.deepEqual(errorPaths({ attributes }), [
      'attributes.1.attribute',
      'attributes.2.value',
      'attributes.3.value',
      'attributes.4.default',
    ])
  })

  test('the default mapping fits the schemas', () => {
    assert.deepEqual(errorPaths({ attributes: defaultAttributes }), [])
  })

  test('G2 a group named by displayName is saved by its id, and unknown names are all listed', () => {
    const { settings, errors } = check({
      groups: {
        mode: 'sync',
        assign: ['sales', { group: 'Nope' }],
        mapping: [{ value: 'x', group: 'Sales' }],
        allow: ['g-2', 'Twins'],
      },
      roles: { mode: 'sync', assign: ['manager', 'boss'], mapping: [{ value: 'x', role: 'member' }] },
      neverLink: { groups: ['Sales'] },
      required: ['name', 'nonsense'],
    })
    assert.deepEqual(settings.groups?.mapping, [{ value: 'x', group: 'g-1' }])
    assert.equal(settings.groups?.assign?.[0], 'g-1')
    assert.deepEqual(settings.neverLink?.groups, ['g-1'])
    assert.deepEqual(
      errors.map(({ path }) => path),
      ['required.1', 'groups.assign.1.group', 'groups.allow.1', 'roles.assign.1'],
    )
  })

  test('G1 allowPrivileged is for whoever may grant privileged roles', () => {
    const jit = { roles: { mode: 'sync', mapping: [{ value: 'x', role: 'admin', allowPrivileged: true }] } }
    const paths = (settings: unknown, previous?: unknown) =>
      check(settings, {
        mayGrantPrivileged: false,
        ...(previous === undefined ? {} : { previous: readJitSettings(previous, defaults).stored }),
      }).privileged.map(({ path }) => path)
    assert.deepEqual(check(jit).privileged, [])
    assert.deepEqual(paths(jit), ['roles.mapping.0.allowPrivileged'])
    assert.deepEqual(paths({ ...jit, mode: 'link' }, jit), [], 'what is allowed already may be saved again')
    const otherClaim = { roles: { ...jit.roles, claim: 'department' } }
    assert.deepEqual(paths(otherClaim, jit), ['roles.mapping.0.allowPrivileged'], 'but nothing around it may change')
    assert.deepEqual(paths({ neverLink: { privileged: false } }), ['neverLink.privileged'])
  })
})
