import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionDeletion, deleteConnection, type ReleaseUsers } from '../../src/organizations/connection-deletion.ts'
import {
  createConnection,
  getConnection,
  openConnection,
  patchConnection,
} from '../../src/organizations/connections.ts'
import type { OrganizationContext } from '../../src/organizations/environment.ts'
import { getJit, listJitVersions, patchJit, putJit, readJitDraft, rollbackJit } from '../../src/organizations/jit.ts'
import { getJob, type JobWork, runJobs, startJob } from '../../src/organizations/jobs.ts'
import { putRole } from '../../src/organizations/roles.ts'
import { createScimClient } from '../../src/organizations/scim-clients.ts'
import { contextOf, keyOf, openRoom, refuses } from './room.ts'

const room = await openRoom()
const { environment } = room
const issuer = 'https://idp.example'
room.issuers.set(issuer, issuer)
room.issuers.set('https://other.example', 'https://somebody.example')

const input = { name: 'contoso', type: 'oidc' as const, issuer, clientId: 'usher' }

async function connect(over: object = {}, context?: OrganizationContext) {
  const acting = context ?? contextOf(await room.organization())
  return { context: acting, connection: await createConnection(environment, acting, { ...input, ...over }) }
}

test('a connection is shown without its secret, which the login can read', async () => {
  const { context, connection } = await connect({ clientSecret: 'very secret' })
  const { slug, id: org } = context.organization
  assert.equal(connection.redirectUri, `https://usher.example/login/${slug}/${connection.id}/callback`)
  assert.equal(connection.clientSecretSet, true)
  assert.ok(!JSON.stringify(connection).includes('very secret'))
  assert.ok(!JSON.stringify(await environment.store.connections.find(org, {})).includes('very secret'))
  assert.equal((await openConnection(environment, org, connection.id)).clientSecret, 'very secret')
  await patchConnection(environment, context, connection.id, { clientSecret: null })
  assert.equal((await openConnection(environment, org, connection.id)).clientSecret, null)
})

test('row 106: an issuer that cannot be read or announces another one is refused at save', async () => {
  await assert.rejects(connect({ issuer: 'https://unknown.example' }), { code: 'issuer_invalid' })
  await assert.rejects(connect({ issuer: 'https://other.example' }), { code: 'issuer_invalid' })
})

test('row 112: the issuer cannot be changed', async () => {
  const { context, connection } = await connect()
  await refuses(patchConnection(environment, context, connection.id, { issuer: 'https://other.example' }), 'immutable')
  await patchConnection(environment, context, connection.id, { issuer, name: 'renamed' })
  assert.equal((await getConnection(environment, context, connection.id)).name, 'renamed')
})

test('names of connections are unique within an organization', async () => {
  const { context } = await connect()
  await assert.rejects(connect({}, context), { code: 'already_exists' })
  await connect()
})

test('without a word the SCIM client of a connection is the only one of the organization, else none', async () => {
  const { context, connection } = await connect()
  const clients = async () =>
    (await openConnection(environment, context.organization.id, connection.id)).state.scimClients
  assert.deepEqual(await clients(), [])
  const one = await createScimClient(environment, context, { name: 'one' })
  assert.deepEqual(await clients(), [one.id])
  const two = await createScimClient(environment, context, { name: 'two' })
  assert.deepEqual(await clients(), [])
  await patchConnection(environment, context, connection.id, { scimClients: [two.id] })
  assert.deepEqual(await clients(), [two.id])
  await refuses(
    patchConnection(environment, context, connection.id, { scimClients: ['x'] }),
    'validation_failed',
    'scimClients.0',
  )
})

test('a connection of another organization is not found', async () => {
  const { connection } = await connect()
  const other = contextOf(await room.organization())
  await refuses(getConnection(environment, other, connection.id), 'not_found')
  await refuses(patchJit(environment, other, connection.id, { mode: 'off' }, undefined), 'not_found')
  await refuses(deleteConnection(environment, other, connection.id, 'keep'), 'not_found')
})

test('f4: the settings are shown with every default and the layer it comes from', async () => {
  const { context, connection } = await connect({ jit: { mode: 'link' } })
  const jit = await getJit(environment, context, connection.id)
  assert.deepEqual([jit.mode, jit.attributeSyncMethod, jit.whenOff], ['link', 'PRESERVE_LOCAL', 'pass_through'])
  assert.deepEqual(
    [jit.layers.mode, jit.layers.attributeSyncMethod, jit.layers.whenOff],
    ['connection', 'server', 'default'],
  )
  assert.ok(jit.effectiveAttributes.length > 0)
})

test('a PUT replaces, a PATCH changes, null in a PATCH puts the default back and is refused in a PUT', async () => {
  const { context, connection } = await connect({ jit: { whenOff: 'refuse', domains: 'any' } })
  const { id } = connection
  const patched = await patchJit(environment, context, id, { mode: 'off', domains: null }, undefined)
  assert.deepEqual([patched.mode, patched.whenOff, patched.domains, patched.version], ['off', 'refuse', 'verified', 2])
  const put = await putJit(environment, context, id, { mode: 'observe' }, undefined)
  assert.deepEqual([put.mode, put.whenOff, put.version], ['observe', 'pass_through', 3])
  await refuses(putJit(environment, context, id, { mode: null }, undefined), 'validation_failed', 'mode')
  await refuses(putJit(environment, context, id, { mode: 'maybe' }, undefined), 'validation_failed', 'mode')
  await refuses(patchJit(environment, context, id, { surprise: 1 }, undefined), 'validation_failed', 'surprise')
  assert.equal((await getJit(environment, context, id)).version, 3)
})

test('what was read may be put back: nothing but what is shown changes', async () => {
  const { context, connection } = await connect({ jit: { subjectClaim: 'oid' } })
  const read = await getJit(environment, context, connection.id)
  const { layers: _, version: __, ...put } = await putJit(environment, context, connection.id, read, undefined)
  const { layers: ___, version: ____, ...before } = read
  assert.deepEqual({ ...put, effectiveAttributes: [] }, { ...before, effectiveAttributes: [] })
  const again = await putJit(environment, context, connection.id, put, undefined)
  assert.equal(again.version, 2, 'a change that changes nothing makes no version')
})

test('f17: the subject claim cannot be changed, and a PUT without it keeps it', async () => {
  const { context, connection } = await connect({ jit: { subjectClaim: 'oid' } })
  const { id } = connection
  await refuses(putJit(environment, context, id, { subjectClaim: 'sub' }, undefined), 'immutable')
  await refuses(patchJit(environment, context, id, { subjectClaim: 'sub' }, undefined), 'immutable')
  await refuses(patchJit(environment, context, id, { subjectClaim: null }, undefined), 'immutable')
  assert.equal((await putJit(environment, context, id, { mode: 'off' }, undefined)).subjectClaim, 'oid')
  assert.equal((await readJitDraft(environment, context, id, {})).subjectClaim, 'oid')
})

test('f17: each change is a version, a rollback is one more', async () => {
  const { context, connection } = await connect()
  const { id } = connection
  await patchJit(environment, context, id, { mode: 'off' }, undefined)
  await patchJit(environment, context, id, { mode: 'off' }, undefined)
  const back = await rollbackJit(environment, context, id, 1, undefined)
  assert.deepEqual([back.mode, back.version], ['on', 3])
  await refuses(rollbackJit(environment, context, id, 9, undefined), 'not_found')
  const { items } = await listJitVersions(environment, context, id, { limit: 2 })
  assert.deepEqual(
    items.map(({ version }) => version),
    [3, 2],
  )
  assert.equal(items[0]?.actor, 'admin:operator')
})

test('If-Match (RFC 9110 section 13.1.1) decides between two who change the settings', async () => {
  const { context, connection } = await connect()
  const { id } = connection
  await refuses(patchJit(environment, context, id, { mode: 'off' }, '"7"'), 'precondition_failed')
  await patchJit(environment, context, id, { mode: 'off' }, 'W/"1", "7"')
  await patchJit(environment, context, id, { mode: 'link' }, '*')
  const results = await Promise.allSettled(
    ['on', 'off', 'observe'].map((mode) => patchJit(environment, context, id, { mode }, '"3"')),
  )
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('2.1: every reference of the settings is checked at save', async () => {
  const { context, connection } = await connect()
  const { id } = connection
  const refused = (jit: object, path: string) =>
    refuses(patchJit(environment, context, id, jit, undefined), 'validation_failed', path)
  await refused({ roles: { mode: 'assign', assign: ['nobody'] } }, 'roles.assign.0')
  await refused({ groups: { mode: 'assign', assign: ['nobody'] } }, 'groups.assign.0')
  await refused({ attributes: [{ attribute: 'password', claim: 'x' }] }, 'attributes.0.attribute')
  await refuses(
    createConnection(environment, context, {
      ...input,
      name: 'x',
      jit: { attributes: [{ attribute: 'id', claim: 'x' }] },
    }),
    'validation_failed',
    'jit.attributes.0.attribute',
  )
})

test('G1: an entry that lets a login grant a privileged role is saved by whoever may grant it', async () => {
  const { context, connection } = await connect()
  const { organization } = context
  const { id } = connection
  const admin = contextOf(organization, keyOf(organization, 'admin'))
  await putRole(environment, context, 'boss', { privileged: true })
  const mapping = [{ value: 'bosses', role: 'boss', allowPrivileged: true }]
  const roles = { mode: 'sync', claim: 'roles', mapping }
  await refuses(patchJit(environment, admin, id, { roles }, undefined), 'privileged_grant_refused')
  await refuses(
    createConnection(environment, admin, { ...input, name: 'x', jit: { roles } }),
    'privileged_grant_refused',
  )
  await patchJit(environment, context, id, { roles }, undefined)
  assert.equal((await patchJit(environment, admin, id, { mode: 'link' }, undefined)).version, 3)
  await refuses(
    patchJit(environment, admin, id, { roles: { claim: 'nickname' } }, undefined),
    'privileged_grant_refused',
  )
  await patchJit(environment, admin, id, { roles: null }, undefined)
  await refuses(rollbackJit(environment, admin, id, 2, undefined), 'privileged_grant_refused')
})

/** What waits is done, as a clock that is ahead by so many milliseconds has it. */
function run(release: ReleaseUsers, ahead = 0, stopping?: AbortSignal): Promise<void> {
  const kinds = { 'delete-connection': connectionDeletion(environment, release) }
  return runJobs(environment, kinds, () => new Date(Date.now() + ahead), stopping)
}

test('A22: the deletion of a connection ends its logins at once and is done by a job, step by step', async () => {
  const { context, connection } = await connect()
  const org = context.organization.id
  const people = Array.from({ length: 250 }, (_, index) => ({
    _id: `${connection.id}-${index}`,
    org,
    connection: connection.id,
    issuer,
    subject: `s${index}`,
    user: `u${index}`,
    linkedAt: new Date(),
    lastLogin: null,
  }))
  await environment.store.identities.insertMany(org, people)
  const { job } = await deleteConnection(environment, context, connection.id, 'deactivate')
  await refuses(getConnection(environment, context, connection.id), 'not_found')
  await connect({}, context)
  assert.deepEqual((await getJob(environment, job, new Date())).job.progress, { done: 0, total: 250 })

  const steps: string[] = []
  let left = people.length
  await run(async (organization, { choice, limit, job: acting }) => {
    left = Math.max(0, left - limit)
    steps.push(`${organization.slug} ${choice} ${acting} ${left}`)
    return left
  })
  const { slug } = context.organization
  assert.deepEqual(
    steps,
    [150, 50, 0].map((rest) => `${slug} deactivate ${job} ${rest}`),
  )
  const done = (await getJob(environment, job, new Date())).job
  assert.deepEqual([done.state, done.progress.done, done.error], ['done', 250, null])
  assert.equal(await environment.store.connections.count(org, {}), 1)
})

test('a job that fails says so, one that was cut off is taken up again, only one process is at it, and none that stops', async () => {
  const failing = await connect()
  const { job } = await deleteConnection(environment, failing.context, failing.connection.id, 'keep')
  await run(async () => {
    throw new Error('something secret')
  })
  const failed = (await getJob(environment, job, new Date())).job
  assert.equal(failed.state, 'failed')
  assert.ok(!failed.error?.includes('secret'))

  const cut = await connect()
  const second = await deleteConnection(environment, cut.context, cut.connection.id, 'keep')
  await environment.store.leases.insertOne({
    _id: `job:${second.job}`,
    owner: 'dead',
    until: new Date(Date.now() + 5_000),
  })
  let runs = 0
  const release = async () => {
    runs += 1
    return 0
  }
  await run(release)
  assert.equal(runs, 0)
  await run(release, 6_000, AbortSignal.abort())
  assert.equal(runs, 0)
  await run(release, 6_000)
  assert.equal(runs, 1)
  assert.equal((await getJob(environment, second.job, new Date())).job.state, 'done')
})

test('row 136 a job of a kind that only a newer release knows waits for it, in front of others and of an organization that is gone', async () => {
  const { context, connection } = await connect()
  const { store } = environment
  const gone = { ...context.organization, id: `gone-${context.organization.id}` }
  const newer: string[] = []
  // More than one round looks at.
  for (let index = 0; index < 51; index += 1) {
    const organization = index === 0 ? gone : context.organization
    const kind = index === 0 ? 'newer-departure' : 'newer-work'
    newer.push((await startJob(environment, { organization, now: context.now }, { kind, input: {}, total: 1 })).job)
  }
  const { job } = await deleteConnection(environment, context, connection.id, 'keep')
  const before = await store.jobs.everywhere.find({ _id: { $in: newer } })
  await run(async () => 0)
  assert.equal((await getJob(environment, job, new Date())).job.state, 'done')
  assert.deepEqual(await store.jobs.everywhere.find({ _id: { $in: newer } }), before)
  assert.equal(await store.leases.findOne({ _id: `job:${newer[1]}` }), null)

  const done: string[] = []
  const work: JobWork = async (_organization, { id }) => {
    done.push(id)
    return { finished: true, done: 1 }
  }
  await runJobs(environment, { 'newer-work': work }, () => new Date())
  assert.deepEqual(done.sort(), newer.slice(1).sort())
})
