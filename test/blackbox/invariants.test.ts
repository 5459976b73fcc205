import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import fc from 'fast-check'
import { TestProvider } from '../provider/test-provider.ts'
import { runs, seed } from '../runs.ts'
import { untilAnswered } from './asking.ts'
import { asOperator, buildHouse, type House } from './house.ts'
import { assertInvariants, everyItem } from './invariants.ts'
import { jobEnd } from './jobs.ts'
import { type Answer, group, patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
/** Another process of the same installation. */
const second = await startUsher({}, usher.home)
const provider = await TestProvider.start()
after(() => provider.close())

const people = ['root', 'ann', 'bob', 'cleo'] as const
const teams = ['red', 'blue', 'bosses'] as const

interface World {
  readonly house: House
  readonly teams: Readonly<Record<string, string>>
  logins: number
}

interface Command {
  readonly text: string
  run(world: World): Promise<Answer | null>
}

/** A house with a privileged role by hand and one carried by a group, each held by two, and claims that give groups. */
async function buildWorld(): Promise<World> {
  const house = await buildHouse(usher, provider, { client: { onExisting: 'adopt' } })
  const { admin } = house.organization
  const ids: Record<string, string> = {}
  for (const name of teams) ids[name] = (await house.scim.must('POST', '/Groups', group(name))).id
  await admin('PUT', '/roles/manager', { groups: [ids.blue] })
  await admin('PUT', '/roles/owner', { privileged: true })
  await admin('PUT', '/roles/boss', { privileged: true, groups: [ids.bosses] })
  await house.connection.jit({
    afterDelete: 'recreate',
    limits: { createsPerHour: 1000, removalShare: 1 },
    groups: {
      mode: 'sync',
      claim: 'groups',
      mapping: teams.map((value) => ({ value, group: ids[value] })).filter(({ value }) => value !== 'bosses'),
    },
    roles: { mode: 'sync', claim: 'roles', mapping: [{ value: 'manager', role: 'manager' }] },
  })
  for (const name of ['root', 'bob']) {
    const { id } = await house.scim.must('POST', '/Users', body(house, name))
    await admin('PUT', `/users/${id}/roles/owner`)
    const joined = patchOp({ op: 'add', path: 'members', value: [{ value: id }] })
    assert.equal((await asOperator(usher, house.organization, 'PATCH', `/Groups/${ids.bosses}`, joined)).status, 200)
  }
  return { house, teams: ids, logins: 0 }
}

const body = (house: House, name: string, more = {}) =>
  user(house.email(name), { externalId: `${name}-subject`, emails: [{ value: house.email(name) }], ...more })

const person = fc.constantFrom(...people)
const team = fc.constantFrom(...teams)

/** A command on a user who may or may not be there. */
function onUser(text: string, name: string, act: (world: World, id: string) => Promise<Answer>): Command {
  return {
    text: `${text} ${name}`,
    async run(world) {
      const { Resources } = await world.house.users(`userName eq "${world.house.email(name)}"`)
      return Resources?.[0] === undefined ? null : act(world, Resources[0].id)
    },
  }
}

const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(person, fc.option(fc.subarray([...teams])), fc.option(fc.subarray(['manager', 'owner'])), fc.string())
      .map(([name, groups, roles, given_name]) => ({
        text: `login of ${name} with ${JSON.stringify({ groups, roles, given_name })}`,
        run: async (world: World) => {
          world.logins += 1
          const claims = { ...(groups && { groups }), ...(roles && { roles }), given_name }
          return world.house.connection.login(world.house.person(name, claims))
        },
      })),
  },
  person.map((name) => ({
    text: `SCIM POST ${name}`,
    run: ({ house }: World) => house.scim.call('POST', '/Users', body(house, name)),
  })),
  fc
    .tuple(person, fc.boolean())
    .map(([name, active]) =>
      onUser(`SCIM active ${active}`, name, ({ house }, id) =>
        house.scim.call('PATCH', `/Users/${id}`, patchOp({ op: 'replace', path: 'active', value: active })),
      ),
    ),
  fc
    .tuple(person, fc.constantFrom('a', 'b'))
    .map(([name, title]) =>
      onUser(`SCIM PUT title ${title}`, name, ({ house }, id) =>
        house.scim.call('PUT', `/Users/${id}`, body(house, name, { title })),
      ),
    ),
  fc.tuple(person, fc.constantFrom('add', 'remove'), fc.constantFrom('manager', 'owner')).map(([name, op, role]) =>
    onUser(`SCIM ${op} role ${role}`, name, ({ house }, id) => {
      const path = op === 'add' ? 'roles' : `roles[value eq "${role}"]`
      const value = op === 'add' ? { value: [{ value: role }] } : {}
      return house.scim.call('PATCH', `/Users/${id}`, patchOp({ op, path, ...value }))
    }),
  ),
  person.map((name) => onUser('SCIM DELETE', name, ({ house }, id) => house.scim.call('DELETE', `/Users/${id}`))),
  fc.tuple(person, team, fc.constantFrom('add', 'remove'), fc.boolean()).map(([name, into, op, byHand]) =>
    onUser(`${byHand ? 'operator' : 'SCIM'}: ${op} member of ${into}`, name, ({ house, teams: ids }, id) => {
      const change =
        op === 'add'
          ? patchOp({ op, path: 'members', value: [{ value: id }] })
          : patchOp({ op, path: `members[value eq "${id}"]` })
      const path = `/Groups/${ids[into]}`
      return byHand
        ? asOperator(usher, house.organization, 'PATCH', path, change)
        : house.scim.call('PATCH', path, change)
    }),
  ),
  fc.tuple(team, fc.subarray([...people])).map(([into, names]) => ({
    text: `SCIM replaces the members of ${into} by ${names}`,
    run: async ({ house, teams: ids }: World) => {
      const { Resources: found = [] } = await house.users()
      const wanted = names.map((name) => house.email(name))
      const members = found
        .filter(({ userName }: Answer['body']) => wanted.includes(userName))
        .map(({ id }: Answer['body']) => ({ value: id }))
      const change = patchOp({ op: 'replace', path: 'members', value: members })
      return house.scim.call('PATCH', `/Groups/${ids[into]}`, change)
    },
  })),
  fc
    .tuple(person, fc.constantFrom('suspend', 'activate', 'lock', 'unlock', 'deactivate'))
    .map(([name, action]) =>
      onUser(action, name, ({ house }, id) => house.organization.ask('POST', `/users/${id}/${action}`, {})),
    ),
  fc
    .tuple(person, fc.constantFrom('PUT', 'DELETE'), fc.constantFrom('manager', 'owner'))
    .map(([name, method, role]) =>
      onUser(`${method} role ${role} by hand`, name, ({ house }, id) =>
        house.organization.ask(method, `/users/${id}/roles/${role}`),
      ),
    ),
)

describe('invariants', () => {
  it('P-6 P-12 R286 hold after any interleaving of logins, SCIM calls and administration', async () => {
    const rounds = fc.array(fc.array(commands, { minLength: 1, maxLength: 5 }), { minLength: 4, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(rounds, async (script) => {
        const world = await buildWorld()
        const log: string[] = []
        for (const round of script) {
          const answers = await Promise.all(round.map((command) => command.run(world)))
          log.push(...round.map(({ text }, index) => `${text}: ${answers[index]?.status ?? 'nobody'}`))
          for (const answer of answers) assert.ok((answer?.status ?? 0) < 500, `${answer?.text}\n${log.join('\n')}`)
          log.push('')
        }
        try {
          await assertInvariants(usher, world.house, { decisions: world.logins, held: ['owner', 'boss'] })
          const { job } = await world.house.organization.admin('POST', '/verification')
          assert.deepEqual((await jobEnd(usher, job)).result.violations, [])
        } catch (error) {
          throw new Error(`after\n${log.join('\n')}`, { cause: error })
        }
      }),
      {
        numRuns: runs(8),
        seed: seed ?? 4,
        endOnFailure: true,
      },
    )
  })

  it('O10 15 the versions of a user ascend in the feed, whoever began first', async () => {
    const house = await buildHouse(usher, provider)
    // More than are numbered at a time: the end of the first batch falls among the changes of one user.
    const Operations = Array.from({ length: 480 }, (_, n) => ({
      method: 'POST',
      path: '/Users',
      bulkId: `b${n}`,
      data: user(house.email(`user-${n}`)),
    }))
    await house.scim.must('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations,
    })
    const { id } = await house.scim.must('POST', '/Users', user(house.email('ann')))
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => {
        const change = patchOp({ op: 'replace', path: 'title', value: `title ${n}` })
        const where = n % 2 === 0 ? usher : second
        return untilAnswered(() => asOperator(where, house.organization, 'PATCH', `/Users/${id}`, change))
      }),
    )
    for (const { status } of answers) assert.equal(status, 200)
    assert.equal((await house.user(id)).meta.version, 'W/"41"')
    const changes = await everyItem(house, '/changes')
    assert.equal(changes.length, 521)
    const versions = changes.map(({ resource }) => resource).filter((resource) => resource.id === id)
    assert.deepEqual(
      versions.map(({ version }) => version),
      Array.from({ length: 41 }, (_, n) => n + 1),
    )
  })
})
