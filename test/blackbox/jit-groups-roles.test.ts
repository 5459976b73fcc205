import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { asOperator, buildHouse, type House, verdict, warningCodes } from './house.ts'
import { type Answer, group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

type Kind = 'groups' | 'roles'
type Jit = Readonly<Record<string, unknown>>

interface Floor extends House {
  /** The settings of `kind`, whose targets `a`, `b` and `c` exist. */
  set(settings: Jit, more?: Jit): Promise<void>
  login(claim?: unknown, more?: Jit): Promise<Answer>
  /** What the person has of `a`, `b` and `c`, with their sources. */
  held(): Promise<Readonly<Record<string, readonly string[]>>>
  /** Gives by somebody else than the connection. */
  give(target: string): Promise<unknown>
  readonly mine: string
  readonly id: string
}

/** A linked person in an organization with three groups, or three roles. */
async function floor(kind: Kind): Promise<Floor> {
  const home = await buildHouse(usher, provider)
  const ids: Record<string, string> = {}
  for (const name of ['a', 'b', 'c']) {
    if (kind === 'groups') ids[name] = (await home.scim.must('POST', '/Groups', group(name))).id
    else await home.organization.admin('PUT', `/roles/${name}`, {})
  }
  const { body } = await home.connection.login(home.person('ann'))
  const { id } = body.user
  return {
    ...home,
    id,
    mine: `login:${home.connection.id}`,
    async set(settings, more = {}) {
      await home.connection.jit({ [kind]: settings, ...more })
    },
    login: (claim, more = {}) =>
      home.connection.login(home.person('ann', { ...(claim === undefined ? {} : { [kind]: claim }), ...more })),
    async held() {
      const provenance = await home.provenance(id)
      const entries = provenance[kind]
        .map(({ value, display, sources }: { value: string; display?: string; sources: string[] }) => [
          display ?? value,
          sources,
        ])
        .filter(([name]: [string]) => ['a', 'b', 'c'].includes(name))
      return Object.fromEntries(entries)
    },
    give: (target) =>
      kind === 'groups'
        ? home.scim.must(
            'PATCH',
            `/Groups/${ids[target]}`,
            patchOp({ op: 'add', path: 'members', value: [{ value: id }] }),
          )
        : home.organization.admin('PUT', `/users/${id}/roles/${target}`),
  }
}

for (const kind of ['groups', 'roles'] as const) {
  const target = kind === 'groups' ? 'group' : 'role'
  const map = (...names: readonly string[]) => names.map((name) => ({ value: `v-${name}`, [target]: name }))
  const others = kind === 'groups' ? 'scim:' : 'admin:'

  describe(`modes of ${kind}`, () => {
    it(`A26 none: a claim gives nothing, and nothing is read`, async () => {
      const at = await floor(kind)
      await at.set({ mode: 'none', mapping: map('a') })
      assert.deepEqual(warningCodes(await at.login(['v-a'])), [])
      assert.deepEqual(await at.held(), {})
    })

    it('A26 assign: everybody gets the list, whatever the claim says, and it is not taken away again', async () => {
      const at = await floor(kind)
      await at.set({ mode: 'assign', assign: ['a'], mapping: map('b') })
      assert.equal(verdict(await at.login(['v-b'])), 'updated')
      assert.deepEqual(await at.held(), { a: [at.mine] })
      await at.set({ mode: 'assign', assign: ['c'] })
      await at.login()
      assert.deepEqual(await at.held(), { a: [at.mine], c: [at.mine] })
    })

    it('A26 append: adds what the claim names and takes nothing', async () => {
      const at = await floor(kind)
      await at.set({ mode: 'append', mapping: map('a', 'b') })
      await at.login(['v-a'])
      await at.login(['v-b'])
      await at.login([])
      assert.deepEqual(Object.keys(await at.held()).sort(), ['a', 'b'])
    })

    it('f6 G6 G13 sync: takes only what this connection gave; others keep what they gave', async () => {
      const at = await floor(kind)
      await at.give('b')
      await at.give('c')
      await at.set({ mode: 'sync', mapping: map('a', 'b', 'c') })
      await at.login(['v-a', 'v-b'])
      const both = await at.held()
      assert.deepEqual(both.a, [at.mine])
      assert.equal(both.b?.length, 2)
      assert.equal(verdict(await at.login([])), 'updated')
      const left = await at.held()
      assert.deepEqual(Object.keys(left).sort(), ['b', 'c'])
      for (const sources of Object.values(left)) assert.ok(sources.every((source) => source.startsWith(others)))
      assert.equal(verdict(await at.login([])), 'unchanged')
    })

    const silent = {
      'missing is kept and warned of': [undefined, {}, ['groups_claim_missing']],
      'null counts as missing': [null, {}, ['groups_claim_missing']],
      'an overage marker changes nothing': [undefined, { _claim_names: { [kind]: 'src1' } }, ['groups_overage']],
      'more values than anybody has are an overage': [
        Array.from({ length: 5_000 }, (_, index) => `x${index}`),
        {},
        ['groups_overage'],
      ],
      'objects are malformed': [[{ name: 'v-b' }], {}, ['claim_malformed']],
      'a number is malformed': [17, {}, ['claim_malformed']],
    } as const
    for (const [name, [claim, more, warnings]] of Object.entries(silent)) {
      it(`f12 G5 rows 118 119 sync: ${name}`, async () => {
        const at = await floor(kind)
        await at.set({ mode: 'sync', mapping: map('a', 'b') })
        await at.login(['v-a'])
        const answer = await at.login(claim, more)
        assert.equal(verdict(answer), 'unchanged')
        assert.deepEqual(warningCodes(answer), warnings)
        assert.deepEqual(await at.held(), { a: [at.mine] })
      })
    }

    it('f12 row 119 sync: an empty list or text removes what this connection gave; onMissing clear does so for a missing claim', async () => {
      for (const [claim, onMissing] of [
        [[], 'keep'],
        ['', 'keep'],
        [undefined, 'clear'],
      ] as const) {
        const at = await floor(kind)
        await at.set({ mode: 'sync', mapping: map('a'), onMissing })
        await at.login(['v-a'])
        assert.equal(verdict(await at.login(claim)), 'updated')
        assert.deepEqual(await at.held(), {})
      }
    })

    it('G3 values without a mapping grant nothing, even if they are called like a target', async () => {
      const at = await floor(kind)
      await at.set({ mode: 'sync', mapping: map('a') })
      const answer = await at.login(['v-a', 'b', 'unknown', 'v-a'])
      assert.deepEqual(await at.held(), { a: [at.mine] })
      assert.deepEqual(warningCodes(answer), [`${target}_unmapped`])
    })

    it('G16 one text is one value, and every mapping that applies counts', async () => {
      const at = await floor(kind)
      const mapping = [...map('a'), { value: 'v-a', [target]: 'b' }]
      await at.set({ mode: 'sync', claim: 'memberOf', mapping })
      await at.login(undefined, { memberOf: 'v-a' })
      assert.deepEqual(Object.keys(await at.held()).sort(), ['a', 'b'])
    })

    it('A26 a value equal to the name of an allowed target grants it', async () => {
      const at = await floor(kind)
      await at.set({ mode: 'sync', allow: ['a', 'b'] })
      const answer = await at.login(['a', 'c'])
      assert.deepEqual(Object.keys(await at.held()), ['a'])
      assert.deepEqual(warningCodes(answer), [`${target}_unmapped`])
    })

    it('f6 f8 assign within sync stays, and what a former version of the mapping gave goes', async () => {
      const at = await floor(kind)
      await at.set({ mode: 'sync', assign: ['c'], mapping: map('a', 'b') })
      await at.login(['v-a', 'v-b'])
      await at.set({ mode: 'sync', assign: ['c'], mapping: map('a') })
      await at.login([])
      assert.deepEqual(Object.keys(await at.held()), ['c'])
    })

    it('G15 the first login by another connection adds its own and takes nothing', async () => {
      const at = await floor(kind)
      await at.set({ mode: 'sync', mapping: map('a') })
      await at.login(['v-a'])
      const second = await at.organization.connection(provider, {
        jit: {
          matching: [{ claim: 'email', attribute: 'emails.value' }],
          [kind]: { mode: 'sync', mapping: map('a', 'b') },
        },
      })
      assert.equal(verdict(await second.login(at.person('ann', { [kind]: ['v-b'] }))), 'linked')
      assert.deepEqual(await at.held(), { a: [at.mine], b: [`login:${second.id}`] })
    })
  })
}

describe('groups and roles from one claim', () => {
  it('f12 what is wrong with it is said once', async () => {
    const home = await buildHouse(usher, provider)
    await home.organization.admin('PUT', '/roles/a', {})
    await home.scim.must('POST', '/Groups', group('a'))
    await home.connection.jit({
      groups: { mode: 'sync', claim: 'memberOf', allow: ['a'] },
      roles: { mode: 'sync', claim: 'memberOf', allow: ['a'] },
    })
    const answer = await home.connection.login(home.person('ann'))
    assert.deepEqual(warningCodes(answer), ['groups_claim_missing'])
    const given = await home.connection.login(home.person('ann', { memberOf: 'a' }))
    assert.deepEqual(given.body.roles, ['a', 'member'])
    assert.deepEqual(
      given.body.groups.map(({ display }: { display: string }) => display),
      ['a'],
    )
  })

  it('row 118 hasgroups of Microsoft Entra is an overage of groups', async () => {
    const home = await buildHouse(usher, provider)
    await home.scim.must('POST', '/Groups', group('a'))
    await home.connection.jit({ groups: { mode: 'sync', allow: ['a'] } })
    await home.connection.login(home.person('ann', { groups: ['a'] }))
    const answer = await home.connection.login(home.person('ann', { hasgroups: true }))
    assert.deepEqual([verdict(answer), warningCodes(answer)], ['unchanged', ['groups_overage']])
  })

  it('A30 A31 the default role is everybody’s; default_role_missing when the organization has none', async () => {
    const home = await buildHouse(usher, provider)
    const first = await home.connection.login(home.person('ann'))
    assert.deepEqual([first.body.roles, warningCodes(first)], [['member'], []])
    await home.organization.admin('PATCH', '', { defaultRole: null })
    const second = await home.connection.login(home.person('bob'))
    assert.deepEqual([second.body.roles, warningCodes(second)], [[], ['default_role_missing']])
  })

  it('A31 a role that is deleted later leads nowhere and warns; a role of the groups comes with them', async () => {
    const home = await buildHouse(usher, provider)
    await home.organization.admin('PUT', '/roles/a', {})
    const { id } = await home.scim.must('POST', '/Groups', group('G'))
    await home.organization.admin('PUT', '/roles/carried', { groups: [id] })
    await home.connection.jit({
      groups: { mode: 'assign', assign: ['G'] },
      roles: { mode: 'assign', assign: ['a'] },
    })
    await home.organization.admin('DELETE', '/roles/a')
    const answer = await home.connection.login(home.person('ann'))
    assert.deepEqual(answer.body.roles.toSorted(), ['carried', 'member'])
    assert.deepEqual(warningCodes(answer), ['role_unmapped'])
    const { roles } = await home.provenance(answer.body.user.id)
    assert.deepEqual(roles.find(({ value }: { value: string }) => value === 'carried').sources, [`group:${id}`])
  })

  it('f6 a value that SCIM wrote with the user stays when the connection takes its own', async () => {
    const home = await buildHouse(usher, provider)
    await home.organization.admin('PUT', '/roles/a', {})
    const { id } = await home.scim.must(
      'POST',
      '/Users',
      user(home.email('ann'), { externalId: 'ann-subject', roles: [{ value: 'a' }] }),
    )
    await home.connection.jit({ roles: { mode: 'sync', allow: ['a'] } })
    await home.connection.login(home.person('ann', { roles: ['a'] }))
    const taken = await home.connection.login(home.person('ann', { roles: [] }))
    assert.deepEqual(taken.body.roles.toSorted(), ['a', 'member'])
    assert.equal((await asOperator(usher, home.organization, 'GET', `/Users/${id}`)).body.roles.length, 2)
  })
})
