import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { createApiKey } from '../../src/organizations/api-keys.ts'
import { authenticate } from '../../src/organizations/credentials.ts'
import { createInvitation, deleteInvitation, listInvitations } from '../../src/organizations/invitations.ts'
import { afterwards, runJobs, startJob } from '../../src/organizations/jobs.ts'
import { saveLoginTransaction, takeLoginTransaction } from '../../src/organizations/login-transactions.ts'
import { deleteOrganization, organizationRemoval } from '../../src/organizations/organization-deletion.ts'
import {
  createOrganization,
  getOrganization,
  organizationBySlug,
  patchOrganization,
} from '../../src/organizations/organizations.ts'
import { deleteRole, listRoles, putRole } from '../../src/organizations/roles.ts'
import { GlobalCollection, ScopedCollection } from '../../src/store/collection.ts'
import { contextOf, keyOf, openRoom, refuses } from './room.ts'

const room = await openRoom()
const { environment } = room

/** Where no user holds a role, there is nothing to take away. */
const nobody = async () => undefined

test('a slug is 1 to 63 characters of a-z, 0-9 and hyphens within, and no reserved word', async () => {
  for (const slug of ['', 'A', 'a_b', '-a', 'a-', 'a'.repeat(64), 'ä', 'a/b', 'admin', 'oauth', '__proto__']) {
    await refuses(createOrganization(environment, new Date(), { slug }), 'validation_failed', 'slug')
  }
  for (const slug of ['a', '7', 'a-b', 'b'.repeat(63)]) {
    assert.equal((await createOrganization(environment, new Date(), { slug })).slug, slug)
  }
})

test('of 8 organizations made with one slug at once, exactly one comes to be', async () => {
  const attempts = Array.from({ length: 8 }, () => createOrganization(environment, new Date(), { slug: 'same-slug' }))
  const results = await Promise.allSettled(attempts)
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  await refuses(createOrganization(environment, new Date(), { slug: 'same-slug' }), 'already_exists')
})

test('the slug cannot be changed, null puts a default back', async () => {
  const context = contextOf(await room.organization())
  const { slug } = context.organization
  await refuses(patchOrganization(environment, context, { slug: 'other-slug' }), 'immutable')
  await patchOrganization(environment, context, { slug, displayName: 'Acme', seatLimit: 5 })
  const changed = await patchOrganization(environment, context, { displayName: null, seatLimit: null })
  assert.deepEqual([changed.displayName, changed.seatLimit], [slug, null])
})

test('return URLs are https, or http on a loopback address, without fragment and credentials', async () => {
  const context = contextOf(await room.organization())
  for (const url of [
    '/path',
    '//evil.example',
    'javascript:alert(1)',
    'http://a.example',
    'https://u:p@a.example',
    'https://a.example/#x',
    'http://127.0.0.1.evil.example',
  ]) {
    await refuses(
      patchOrganization(environment, context, { returnUrls: ['https://a.example', url] }),
      'validation_failed',
      'returnUrls.1',
    )
  }
  const returnUrls = ['https://a.example/app?x=1', 'http://localhost:3000/', 'http://127.0.0.1:3000']
  assert.deepEqual((await patchOrganization(environment, context, { returnUrls })).returnUrls, returnUrls)
})

test('G4: the default role must exist and must not be privileged, and stays while it is the default', async () => {
  const context = contextOf(await room.organization())
  await refuses(patchOrganization(environment, context, { defaultRole: 'member' }), 'validation_failed', 'defaultRole')
  await putRole(environment, context, 'member', {})
  await putRole(environment, context, 'admin', { privileged: true })
  await refuses(patchOrganization(environment, context, { defaultRole: 'admin' }), 'validation_failed', 'defaultRole')
  await patchOrganization(environment, context, { defaultRole: 'member' })
  await refuses(deleteRole(environment, context, 'member', nobody), 'in_use')
  await refuses(putRole(environment, context, 'member', { privileged: true }), 'in_use')
  await patchOrganization(environment, context, { defaultRole: null })
  await deleteRole(environment, context, 'member', nobody)
  await refuses(deleteRole(environment, context, 'member', nobody), 'not_found')
})

test('a role that becomes the default and is deleted at the same moment is never a default that does not exist', async () => {
  for (let round = 0; round < 5; round += 1) {
    const context = contextOf(await room.organization())
    await putRole(environment, context, 'member', {})
    await Promise.allSettled([
      patchOrganization(environment, context, { defaultRole: 'member' }),
      deleteRole(environment, context, 'member', nobody),
    ])
    const { defaultRole } = await getOrganization(environment, context)
    const { items } = await listRoles(environment, context, { limit: 10 })
    assert.equal(defaultRole, items[0]?.name ?? null)
  }
})

test('a privileged role, and whatever changes one, needs the operator or a key for it', async () => {
  const organization = await room.organization()
  const operator = contextOf(organization)
  const admin = contextOf(organization, keyOf(organization, 'admin'))
  const privileged = contextOf(organization, keyOf(organization, 'admin', 'admin:privileged'))
  await refuses(putRole(environment, admin, 'boss', { privileged: true }), 'privileged_grant_refused')
  assert.equal((await putRole(environment, privileged, 'boss', { privileged: true })).created, true)
  await refuses(putRole(environment, admin, 'boss', {}), 'privileged_grant_refused')
  await refuses(deleteRole(environment, admin, 'boss', nobody), 'privileged_grant_refused')
  await refuses(
    createInvitation(environment, admin, { email: 'a@b.example', roles: ['boss'] }),
    'privileged_grant_refused',
  )
  await createInvitation(environment, operator, { email: 'a@b.example', roles: ['boss'] })
  assert.equal((await putRole(environment, operator, 'boss', { displayName: 'Boss' })).created, false)
  await putRole(environment, admin, 'boss', {})
})

test('the groups of a role must exist', async () => {
  const context = contextOf(await room.organization())
  await refuses(putRole(environment, context, 'member', { groups: ['nobody'] }), 'validation_failed', 'groups.0')
})

test('the name of a role is plain, and differs from others by more than upper and lower case', async () => {
  const context = contextOf(await room.organization())
  for (const name of ['', ' a', 'a ', 'a/b', 'a\nb', '$where', '__proto__', 'a'.repeat(129)]) {
    await refuses(putRole(environment, context, name, {}), 'validation_failed', 'name')
  }
  await putRole(environment, context, 'Team lead', {})
  await refuses(putRole(environment, context, 'team Lead', {}), 'already_exists')
})

test('lists go on after the cursor and end without one', async () => {
  const context = contextOf(await room.organization())
  for (const name of ['a', 'b', 'c']) await putRole(environment, context, name, {})
  const first = await listRoles(environment, context, { limit: 2 })
  const second = await listRoles(environment, context, { limit: 2, cursor: first.nextCursor })
  assert.deepEqual([...first.items, ...second.items].map(({ name }) => name).sort(), ['a', 'b', 'c'])
  assert.ok(!('nextCursor' in second))
  await refuses(
    Promise.resolve().then(() => listRoles(environment, context, { limit: 2, cursor: '{"$gt":""}' })),
    'invalid_cursor',
  )
})

test('an invitation names an address and roles that exist; one at a time is open', async () => {
  const context = contextOf(await room.organization())
  await refuses(createInvitation(environment, context, { email: 'no address' }), 'validation_failed', 'email')
  await refuses(
    createInvitation(environment, context, { email: 'a@b.example', roles: ['x'] }),
    'validation_failed',
    'roles.0',
  )
  await refuses(
    createInvitation(environment, context, { email: 'a@b.example', expiresAt: new Date(0) }),
    'validation_failed',
    'expiresAt',
  )
  const { id } = await createInvitation(environment, context, { email: 'Anna@b.example' })
  await refuses(createInvitation(environment, context, { email: 'anna@B.example' }), 'already_exists')
  await deleteInvitation(environment, context, id)
  await refuses(deleteInvitation(environment, context, id), 'not_found')
  await createInvitation(environment, context, { email: 'anna@B.example' })
  assert.equal((await listInvitations(environment, context, { limit: 10 })).items.length, 1)
})

test('a seat limit counts the seats that are taken', async () => {
  const organization = await room.organization()
  const { store } = environment
  const people = ['active', 'locked', 'suspended'].map((state, index) => ({
    _id: `${organization.id}-${index}`,
    org: organization.id,
    state,
    search: { userName: `u${index}`, active: state !== 'suspended' },
  }))
  await store.users.insertMany(organization.id, people as never)
  await patchOrganization(environment, contextOf(organization), { seatLimit: 10 })
  assert.equal((await store.seats.findOne(organization.id, {}))?.used, 2)
})

test('deleting an organization: nobody finds it, a job removes everything of it in batches, and nothing of others', async () => {
  const { store } = environment
  const jobs = { [afterwards]: organizationRemoval(environment) }
  let now = new Date()
  const removeAll = () => runJobs(environment, jobs, () => now)
  const [gone, stays] = [await room.organization(), await room.organization()]
  const keys = []
  for (const organization of [gone, stays]) {
    const context = contextOf(organization, undefined, now)
    await putRole(environment, context, 'member', {})
    keys.push(await createApiKey(environment, context, { name: 'ci', scopes: ['read'] }))
    await patchOrganization(environment, context, { seatLimit: 10 })
    await startJob(environment, context, { kind: 'verify', input: {}, total: 0 })
    const edges = Array.from({ length: 2_001 }, (_, index) => ({ group: 'g', member: `m${index}`, kind: 'User' }))
    await store.memberships.insertMany(organization.id, edges as never)
  }
  await deleteOrganization(environment, contextOf(gone, undefined, now))
  assert.equal(await organizationBySlug(environment, gone.slug), null)
  assert.equal(await authenticate(environment, keys[0]!.token, new Date()), null)
  await refuses(deleteOrganization(environment, contextOf(gone)), 'not_found')
  await createOrganization(environment, now, { slug: gone.slug })

  const deletions = mock.method(store.memberships, 'deleteMany').mock
  await removeAll()
  assert.deepEqual(await leftOf(gone.id), { jobs: 1 })
  assert.equal(deletions.callCount(), 3, 'a thousand at a time')
  deletions.restore()
  // A request that was under way when the organization was deleted.
  await store.users.insertOne(gone.id, { _id: 'late', org: gone.id, search: { userName: 'late' } } as never)
  for (const state of ['running', 'done']) {
    now = new Date(now.getTime() + 61_000)
    await removeAll()
    assert.deepEqual(await leftOf(gone.id), { jobs: 1 })
    assert.equal((await store.jobs.findOne(gone.id, {}))?.state, state)
  }
  assert.ok(await authenticate(environment, keys[1]!.token, new Date()))
  const left = { roles: 1, memberships: 2_001, jobs: 1, seats: 1, credentials: 1 }
  assert.deepEqual(await leftOf(stays.id), left)
})

test('what a deletion looks for has an index', async () => {
  const { store } = environment
  const org = 'nobody'
  // Nothing looks for these: they end by themselves.
  const others = ['clientAssertions', 'loginTransactions', 'removalWindows', 'departures']
  const byId = ['seats', 'feeds']
  const reading = { projection: { _id: 1 }, limit: 1_000 } as const
  for (const [name, collection] of Object.entries(store)) {
    if (!(collection instanceof ScopedCollection) || others.includes(name)) continue
    const plan = await collection.explain(org, byId.includes(name) ? { _id: org } : {}, reading)
    assert.ok(!JSON.stringify(plan).includes('COLLSCAN'), name)
  }
  const plans = [
    await store.credentials.explain({ org }, reading),
    await store.jobs.everywhere.explain(
      { state: { $in: ['pending', 'running'] }, kind: { $in: ['a', 'b'] }, notBefore: { $not: { $gt: new Date() } } },
      { sort: { created: 1 }, limit: 50, projection: { _id: 1, kind: 1 } },
    ),
  ]
  for (const plan of plans) assert.ok(!JSON.stringify(plan).includes('COLLSCAN'))
})

/** How many documents of an organization there are, by collection. */
async function leftOf(org: string): Promise<Readonly<Record<string, number>>> {
  const counts = Object.entries(environment.store).map(async ([name, collection]) => {
    const all = collection instanceof ScopedCollection ? collection.everywhere : collection
    return [name, all instanceof GlobalCollection ? await all.count({ org }) : 0] as const
  })
  return Object.fromEntries((await Promise.all(counts)).filter(([, count]) => count > 0))
}

test('row 98: a login transaction is taken once, by the same browser, for the same connection', async () => {
  const organization = await room.organization()
  const now = new Date()
  const transaction = { connection: 'c1', nonce: 'n', verifier: 'v', returnTo: null, maxAge: null }
  const key = { state: 'state', browser: 'cookie', now }
  await saveLoginTransaction(environment, organization, { ...transaction, ...key })
  const take = (over: object) => takeLoginTransaction(environment, organization, { connection: 'c1', ...key, ...over })
  assert.equal(await take({ connection: 'c2' }), null)
  assert.equal(await take({ browser: 'other' }), null)
  assert.equal(await take({ state: 'other' }), null)
  assert.equal(await takeLoginTransaction(environment, await room.organization(), { connection: 'c1', ...key }), null)
  const taken = await Promise.all([take({}), take({})])
  assert.deepEqual(
    taken.filter((each) => each !== null),
    [transaction],
  )

  await saveLoginTransaction(environment, organization, { ...transaction, ...key })
  assert.equal(await take({ now: new Date(now.getTime() + 11 * 60_000) }), null)
})
