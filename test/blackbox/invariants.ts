/** What holds of an organization's directory whatever happened to it, read over HTTP by the operator. */
import assert from 'node:assert/strict'
import { asOperator, type House } from './house.ts'
import type { Answer, Service } from './usher.ts'

type Body = Answer['body']

const provisioningUrn = 'urn:usher:scim:schemas:provisioning:1.0:User'

/** What a test knows besides. */
export interface Expected {
  /** How many distinct verified logins there were. */
  readonly decisions?: number
  /** Privileged roles that had an active holder. */
  readonly held?: readonly string[]
}

/** @throws AssertionError that names the rule which does not hold */
export async function assertInvariants(usher: Service, house: House, expected: Expected = {}): Promise<void> {
  const [users, groups, changes, decisions] = await Promise.all([
    everyResource(usher, house, '/Users'),
    everyResource(usher, house, '/Groups'),
    everyItem(house, '/changes'),
    everyItem(house, '/decisions'),
  ])
  assertUnique(
    'P-6 10 no two users share a folded userName',
    users.map(({ userName }) => userName.normalize('NFKC').toLowerCase()),
  )
  assertIdentities(users)
  assertEdges(users, groups)
  for (const user of users) await assertProvenance(house, user)
  assertVersions(users, changes)
  if (expected.decisions !== undefined) {
    assert.equal(decisions.length, expected.decisions, '6 one decision per distinct verified login')
    assertUnique(
      '6 one decision per login',
      decisions.map(({ id }) => id),
    )
  }
  for (const role of expected.held ?? []) {
    const holder = users.find(({ active, roles = [] }) => active && valuesOf(roles).includes(role))
    assert.ok(holder, `7 the privileged role ${role} has lost its last active holder`)
  }
}

function assertIdentities(users: readonly Body[]): void {
  const identities = users.flatMap((user) =>
    (user[provisioningUrn].identities ?? []).map((identity: Body) => ({ ...identity, user: user.id })),
  )
  assertUnique(
    '9 one user per connection, issuer and subject',
    identities.map(({ connection, issuer, subject }) => `${connection} ${issuer} ${subject}`),
  )
  assertUnique(
    '9 one link per connection and user',
    identities.map(({ connection, user }) => `${connection} ${user}`),
  )
}

function assertEdges(users: readonly Body[], groups: readonly Body[]): void {
  const known = new Set([...users, ...groups].map(({ id }) => id))
  for (const { displayName, members = [] } of groups) {
    for (const { value } of members) assert.ok(known.has(value), `P-6 ${displayName} has a member that is nobody`)
    assertUnique(`P-6 members of ${displayName}`, valuesOf(members))
  }
  const edges = groups.flatMap(({ id, members = [] }) => valuesOf(members).map((member) => `${id} ${member}`))
  const shown = users.flatMap(({ id, groups: around = [] }) =>
    around.filter(({ type }: Body) => type === 'direct').map(({ value }: Body) => `${value} ${id}`),
  )
  const ofUsers = edges.filter((edge) => users.some(({ id }) => edge.endsWith(id)))
  assert.deepEqual(shown.sort(), ofUsers.sort(), 'groups of users and members of groups are the same edges')
}

async function assertProvenance(house: House, user: Body): Promise<void> {
  const { roles, groups } = await house.provenance(user.id)
  assert.deepEqual(valuesOf(user.roles), valuesOf(roles), `12 roles of ${user.userName}`)
  for (const { value, sources } of [...roles, ...groups]) assert.ok(sources.length > 0, `12 nobody gave ${value}`)
  const direct = (user.groups ?? []).filter(({ type }: Body) => type === 'direct')
  assert.deepEqual(valuesOf(direct), valuesOf(groups), `12 groups of ${user.userName}`)
}

/** 15, O10: versions of a user ascend in the feed without gaps, from its creation to now or to its deletion. */
function assertVersions(users: readonly Body[], changes: readonly Body[]): void {
  const histories = new Map<string, Body[]>()
  for (const change of changes) {
    const { type, id, version } = change.resource
    if (type === 'User' && version !== null) histories.set(id, [...(histories.get(id) ?? []), change])
  }
  for (const user of users) assert.ok(histories.has(user.id), `15 ${user.userName} was never made`)
  for (const [id, history] of histories) {
    const versions = history.map(({ resource }) => resource.version)
    assert.deepEqual(
      versions,
      history.map((_, index) => index + 1),
      `15 versions of ${id}: ${history.map(({ action, resource }) => `${action} ${resource.version}`).join(', ')}`,
    )
    assert.equal(history.filter(({ action }) => action === 'create').length, 1)
    const user = users.find((one) => one.id === id)
    if (user === undefined) assert.equal(history.at(-1).action, 'delete', `15 ${id} is gone`)
    else assert.equal(user.meta.version, `W/"${versions.at(-1)}"`, `15 ${user.userName}`)
  }
}

/** All resources of a type, page by page. */
export async function everyResource(usher: Service, { organization }: House, path: string): Promise<readonly Body[]> {
  const found: Body[] = []
  for (;;) {
    const page = `${path}?count=1000&startIndex=${found.length + 1}`
    const { body, text } = await asOperator(usher, organization, 'GET', page)
    assert.ok(body.Resources, text)
    found.push(...body.Resources)
    if (found.length >= body.totalResults) return found
  }
}

/** A list of the admin API, page by page. */
export async function everyItem(house: Pick<House, 'organization'>, path: string): Promise<readonly Body[]> {
  const items: Body[] = []
  for (let cursor = ''; ; ) {
    const page = await house.organization.admin('GET', `${path}?limit=200${cursor}`)
    items.push(...page.items)
    if (page.nextCursor === undefined) return items
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`
  }
}

function valuesOf(values: readonly Body[] = []): readonly string[] {
  return values.map(({ value }) => value).sort()
}

function assertUnique(rule: string, values: readonly string[]): void {
  const twice = values.filter((value, index) => values.indexOf(value) !== index)
  assert.deepEqual(twice, [], rule)
}
