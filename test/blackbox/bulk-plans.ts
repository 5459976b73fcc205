/** Random bulks on a small world, and the same operations sent one by one. */
import fc from 'fast-check'
import { askBulk } from './bulking.ts'
import { type Answer, group, type Organization, patchOp, type ScimClient, type Usher, user } from './usher.ts'

/** An operation whose references are `{ann}` for what is there before, and `bulkId:…` for what an earlier one makes. */
export interface Planned {
  readonly method: string
  readonly path: string
  readonly bulkId?: string
  readonly version?: string
  readonly data?: unknown
}

export interface Plan {
  readonly operations: readonly Planned[]
  readonly failOnErrors: number | undefined
  readonly settings: {
    readonly seatLimit: number | null
    readonly allowPrivileged: boolean
    readonly dialect: 'rfc' | 'okta'
  }
}

const userNames = ['ann', 'bob', 'cleo', 'dora', 'emil'] as const
const groupNames = ['red', 'bosses'] as const

const anyName = fc.constantFrom('ann', 'BOB', 'fred', 'gina', 'hugo', 'ida', 'jens', 'kurt', 'lena', 'mona')
const anyTeam = fc.constantFrom('red', 'RED', 'blue', 'green', 'gold')
const anyRoles = fc.subarray(['owner', 'editor']).map((values) => values.map((value) => ({ value })))
/** A number that stands for one of what there is by then. */
const pick = fc.nat(1_000)
const version = fc.option(fc.constantFrom('W/"1"', 'W/"2"', '*', 'nonsense'), { nil: undefined, freq: 4 })

type Draft = (there: { readonly users: readonly string[]; readonly groups: readonly string[] }) => Planned

const of = (list: readonly string[], index: number) => list[index % list.length]!

const userBody = fc.record(
  {
    title: fc.constantFrom('One', 'Two'),
    externalId: fc.constantFrom('x', 'y', 'z'),
    active: fc.boolean(),
    roles: anyRoles,
    emails: fc.constantFrom([{ value: 'a@example.com', type: 'work' }], 'no list'),
  },
  { requiredKeys: [] },
)

const userChange = fc.oneof(
  fc.constantFrom('One', 'Two').map((value) => ({ op: 'replace', path: 'title', value })),
  { arbitrary: fc.boolean().map((value) => ({ op: 'replace', path: 'active', value })), weight: 2 },
  anyName.map((value) => ({ op: 'replace', path: 'userName', value })),
  anyRoles.map((value) => ({ op: 'replace', path: 'roles', value })),
  fc.constantFrom({ op: 'remove', path: 'userName' }, { op: 'add', path: 'shoeSize', value: 1 }),
)

const groupChange = fc.tuple(fc.constantFrom('add', 'replace', 'remove', 'rename'), pick, pick, anyTeam)

const drafts: fc.Arbitrary<Draft> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(anyName, userBody).map(
      ([name, more]): Draft =>
        () => ({ method: 'POST', path: '/Users', data: user(name, more) }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(pick, anyName, userBody, version).map(
      ([at, name, more, tag]): Draft =>
        ({ users }) => ({ method: 'PUT', path: `/Users/${of(users, at)}`, data: user(name, more), ...tagged(tag) }),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(pick, fc.array(userChange, { minLength: 1, maxLength: 2 }), version).map(
      ([at, changes, tag]): Draft =>
        ({ users }) => ({
          method: 'PATCH',
          path: `/Users/${of(users, at)}`,
          data: patchOp(...changes),
          ...tagged(tag),
        }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('Users', 'Groups'), pick, version).map(
      ([type, at, tag]): Draft =>
        ({ users, groups }) => ({
          method: 'DELETE',
          path: `/${type}/${of(type === 'Users' ? users : groups, at)}`,
          ...tagged(tag),
        }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(anyTeam, fc.array(pick, { maxLength: 3 })).map(
      ([name, members]): Draft =>
        ({ users, groups }) => ({
          method: 'POST',
          path: '/Groups',
          data: group(name, { members: members.map((at) => ({ value: of([...users, ...groups], at) })) }),
        }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(pick, groupChange).map(
      ([at, [op, first, second, name]]): Draft =>
        ({ users, groups }) => {
          const everybody = [...users, ...groups]
          const value = [of(everybody, first), of(everybody, second)].map((id) => ({ value: id }))
          const change =
            op === 'rename' ? { op: 'replace', path: 'displayName', value: name } : { op, path: 'members', value }
          return { method: 'PATCH', path: `/Groups/${of(groups, at)}`, data: patchOp(change) }
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Draft>(
      () => ({ method: 'PATCH', path: '/Users/nobody', data: patchOp({ op: 'add', path: 'title', value: 'x' }) }),
      () => ({ method: 'PATCH', path: '/Nothing/x', data: {} }),
      () => ({ method: 'DELETE', path: '/Users/nobody' }),
    ),
  },
)

export const plans: fc.Arbitrary<Plan> = fc.record({
  operations: fc.array(drafts, { minLength: 2, maxLength: 24 }).map((steps) => {
    const there = { users: userNames.map((name) => `{${name}}`), groups: groupNames.map((name) => `{${name}}`) }
    return steps.map((draft, index): Planned => {
      const operation = draft(there)
      if (operation.method !== 'POST') return operation
      const bulkId = `made-${index}`
      there[operation.path === '/Users' ? 'users' : 'groups'].push(`bulkId:${bulkId}`)
      return { ...operation, bulkId }
    })
  }),
  failOnErrors: fc.option(fc.constantFrom(1, 3), { nil: undefined, freq: 3 }),
  settings: fc.record({
    seatLimit: fc.constantFrom(null, 6),
    allowPrivileged: fc.boolean(),
    dialect: fc.constantFrom('rfc', 'okta'),
  }),
})

export interface World {
  readonly organization: Organization
  readonly client: ScimClient
  /** What ids are called, by id. */
  readonly names: Map<string, string>
}

/** Five users and two groups; two hold a privileged role by hand, and one by being in a group. */
export async function buildWorld(usher: Usher, { seatLimit, ...settings }: Plan['settings']): Promise<World> {
  const organization = await usher.organization({ ...(seatLimit === null ? {} : { seatLimit }) })
  const client = await organization.scimClient(settings)
  const names = new Map([[client.id, 'client']])
  const ids: Record<string, string> = {}
  const made = async (name: string, path: string, body: unknown) => {
    const { id } = await client.must('POST', path, body)
    names.set(id, name)
    ids[name] = id
  }
  for (const name of userNames) await made(name, '/Users', user(name, { title: 'One' }))
  await organization.admin('PUT', '/roles/owner', { privileged: true })
  for (const name of ['ann', 'bob']) await organization.admin('PUT', `/users/${ids[name]}/roles/owner`)
  await made('red', '/Groups', group('red', { members: [{ value: ids.ann }, { value: ids.cleo }] }))
  await made('bosses', '/Groups', group('bosses', { members: [{ value: ids.emil }] }))
  await organization.admin('PUT', '/roles/boss', { privileged: true, groups: [ids.bosses] })
  await organization.admin('PUT', '/roles/editor', {})
  return { organization, client, names }
}

/** The results of the plan as one bulk. */
export async function runTogether(world: World, { operations, failOnErrors }: Plan): Promise<readonly unknown[]> {
  const more = failOnErrors === undefined ? {} : { failOnErrors }
  const answer = await askBulk(world.client, filled(world, operations), more)
  if (answer.status !== 200) throw new Error(answer.text)
  for (const { bulkId, status, location } of answer.body.Operations) {
    if (status === '201') world.names.set(location.split('/').at(-1), bulkId)
  }
  return answer.body.Operations.map((result: unknown) => told(world, result))
}

/** What a bulk would have to answer, from the operations as single requests. */
export async function runOneByOne(world: World, { operations, failOnErrors }: Plan): Promise<readonly unknown[]> {
  const base = `http://127.0.0.1/scim/v2/${world.organization.slug}`
  const results: unknown[] = []
  const ids = new Map<string, string>()
  let errors = 0
  for (const operation of filled(world, operations)) {
    if (failOnErrors !== undefined && errors >= failOnErrors) break
    const { method, bulkId, version: tag } = operation
    const known = { ...operation, ...resolved(ids, operation) }
    const failed = /bulkId:made-/.test(JSON.stringify([known.path, known.data]))
    const headers = tag === undefined ? {} : { 'if-match': tag }
    const answer = failed ? null : await world.client.call(method, known.path, known.data, headers)
    const status = answer?.status ?? 409
    if (status >= 400) errors += 1
    if (status === 201) {
      ids.set(bulkId!, answer!.body.id)
      world.names.set(answer!.body.id, bulkId!)
    }
    results.push(
      told(world, {
        method,
        ...(bulkId === undefined ? {} : { bulkId }),
        ...(status < 400 || method !== 'POST'
          ? { location: answer?.headers.get('location') ?? `${base}${known.path}` }
          : {}),
        ...(status < 400 && method !== 'DELETE' ? { version: answer!.headers.get('etag') } : {}),
        status: String(status),
        ...(status < 400 ? {} : { response: answer?.body ?? failedReference }),
      }),
    )
  }
  return results
}

/** Everything that the outside can see of a world, with names in place of ids, and without times. */
export async function seen(world: World): Promise<unknown> {
  const { organization, client } = world
  const list = async (path: string) => (await client.must('GET', `${path}?count=1000`)).Resources ?? []
  const items: Answer['body'][] = []
  let cursor: string | undefined
  do {
    const page: Answer['body'] = await organization.admin(
      'GET',
      `/changes?limit=1000${cursor === undefined ? '' : `&cursor=${cursor}`}`,
    )
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  const changes = items.map(({ id: _, at: __, requestId: ___, ...change }) => told(world, change) as Answer['body'])
  return {
    users: sorted(((await list('/Users')) as unknown[]).map((one) => told(world, one))),
    groups: sorted(((await list('/Groups')) as unknown[]).map((one) => told(world, one))),
    changes: Object.fromEntries(Object.entries(Object.groupBy(changes, ({ resource }) => resource.id)).toSorted()),
    tombstones: (await organization.admin('GET', '/tombstones?limit=1000')).items.length,
  }
}

function filled({ names }: World, operations: readonly Planned[]): readonly Planned[] {
  let text = JSON.stringify(operations)
  for (const [id, name] of names) text = text.replaceAll(`{${name}}`, id)
  return JSON.parse(text)
}

function resolved(ids: ReadonlyMap<string, string>, { path, data }: Planned): Pick<Planned, 'path' | 'data'> {
  const text = JSON.stringify({ path, data }).replaceAll(
    /bulkId:(made-\d+)/g,
    (reference, id: string) => ids.get(id) ?? reference,
  )
  return JSON.parse(text)
}

const failedReference = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
  status: '409',
  detail: 'The operation with the "bulkId" that is referred to has failed.',
}

const unordered: ReadonlySet<string> = new Set(['members', 'groups', 'roles', 'Operations', 'value'])

/** The same in every world: names for ids, no times, no order where there is none, no hash in the version of a group. */
function told(world: World, value: unknown): unknown {
  let text = JSON.stringify(value, (name, member) =>
    name === 'created' || name === 'lastModified' ? undefined : member,
  )
  for (const [id, name] of world.names) text = text.replaceAll(id, name)
  text = text.replaceAll(/https?:\/\/[^/"]+\/scim\/v2\/[^/"]+/g, '')
  text = text.replaceAll(/(W\/\\"\d+)\.[^\\]+/g, '$1.*')
  return JSON.parse(text, (name, member) => (unordered.has(name) && Array.isArray(member) ? sorted(member) : member))
}

function sorted(list: readonly unknown[]): readonly unknown[] {
  return list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

function tagged(tag: string | undefined): { readonly version?: string } {
  return tag === undefined ? {} : { version: tag }
}
