import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { enterpriseUrn, type Json } from './patching.ts'
import { assertIndexed, describePlan, watchReads } from './plans.ts'
import { group, patchOp, type ScimClient, startUsher, user } from './usher.ts'

const usher = await startUsher()
const size = 120
const provisioning = 'urn:usher:scim:schemas:provisioning:1.0:User'

/** Two organizations of equal size: a query that forgets its own would examine twice as much. */
const [mine] = await Promise.all([populate(), populate()])
const { client } = mine

/** Every read of the database that a request makes, with the plan that the server chose for it. */
const reads = watchReads(usher, ['users', 'groups', 'memberships', 'identities', 'roles'])

/** Filters that an index answers: they examine what they return, and hardly more. */
const indexed: Readonly<Record<string, readonly string[]>> = {
  '/Users': [
    'userName eq "USER-7"',
    'userName sw "user-11"',
    'userName eq "user-7" or userName eq "user-8"',
    'userName eq "user-7" and active eq true',
    'userName ge "user-98"',
    `id eq "${mine.users[3]}"`,
    'externalId eq "x-7"',
    'emails.value eq "user-7@d1.example"',
    'emails eq "user-7@d1.example"',
    'emails[value eq "user-7@d1.example"]',
    'emails[type eq "work" and value eq "user-7@d1.example"]',
    'emails[type eq "work"].value eq "user-7@d1.example"',
    'emails.value sw "user-7@"',
    'emails.value ew "@d1.example"',
    'displayName eq "Person 7"',
    'displayName sw "Person 11"',
    'name.familyName eq "Family 3"',
    'active eq false',
    `groups.value eq "${mine.inner}"`,
    `groups[value eq "${mine.inner}"]`,
    'groups.display eq "Inner"',
    'roles.value eq "editor"',
    'roles[value eq "editor"]',
    'meta.lastModified gt "2100-01-01T00:00:00Z"',
    `${enterpriseUrn}:manager.value eq "${mine.users[1]}"`,
    `${enterpriseUrn}:manager eq "${mine.users[1]}"`,
    `${enterpriseUrn}:manager.displayName eq "Person 1"`,
    `${enterpriseUrn}:manager.value pr`,
    `${provisioning}:state eq "deactivated"`,
    `${provisioning}:managedBy[source eq "scim:nobody"]`,
    `${provisioning}:identities[connection eq "c" and subject eq "s"]`,
    `${provisioning}:identities.subject eq "s"`,
    `${provisioning}:lastLogin gt "2100-01-01T00:00:00Z"`,
  ],
  '/Groups': [
    'displayName eq "inner"',
    'displayName sw "out"',
    'externalId eq "x-none"',
    `id eq "${mine.inner}"`,
    `members eq "${mine.users[3]}"`,
    `members[value eq "${mine.users[3]}"]`,
    'members.display eq "Person 1"',
    'members[display sw "Person 1" and type eq "User"]',
    `meta.version eq ${JSON.stringify(mine.version)}`,
    `id eq "${mine.inner}" and members.value eq "${mine.users[3]}"`,
    'meta.lastModified gt "2100-01-01T00:00:00Z"',
  ],
}

/** Filters that look at every resource of the organization, and at nobody else's. */
const bounded = [
  'title eq "Engineer"',
  'title pr',
  'not (title pr)',
  'title ne "Engineer"',
  'title eq null',
  'userName co "er-1"',
  'userName ew "9"',
  'emails[type eq "work"]',
  'emails.type ne "home"',
  'emails pr',
  'name.givenName eq "Given 3"',
  'schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"',
  'meta.created gt "2100-01-01T00:00:00Z"',
  'meta.resourceType eq "User"',
  `${enterpriseUrn}:department eq "Tools"`,
  `${enterpriseUrn} pr`,
  'userName eq "user-7" or title eq "Engineer"',
  'not (userName eq "user-7")',
  'groups pr',
  'roles pr',
  `${provisioning}:provisionedBy eq "scim"`,
  `not (${provisioning}:lastLogin pr)`,
]

const page = 10
/** What a page of a walk may examine: itself, and the row that tells whether there is more. */
const walked = ['userName', 'displayName', 'name.familyName', 'meta.lastModified', 'id', 'externalId']
const ofUsersOnly = ['userName', 'name.familyName']

describe('query plans', () => {
  for (const [path, filters] of Object.entries(indexed)) {
    it(`${path}: a filter that an index answers examines at most twice what it returns`, async () => {
      for (const filter of filters) {
        for (const plan of await reads.of(client, `${path}?count=${size}&filter=${encodeURIComponent(filter)}`)) {
          assertIndexed(plan, filter)
          assert.ok(plan.examined <= 2 * Math.max(plan.returned, 1), `${filter}: ${describePlan(plan)}`)
        }
      }
    })
  }

  it('a filter without an index of its own stays within its organization', async () => {
    for (const filter of bounded) {
      for (const plan of await reads.of(client, `/Users?count=${size}&filter=${encodeURIComponent(filter)}`)) {
        assertIndexed(plan, filter)
        assert.ok(plan.examined <= 2 * size, `${filter}: ${describePlan(plan)}`)
      }
    }
  })

  for (const sortBy of walked) {
    it(`R186 a page sorted by ${sortBy} walks an index in order`, async () => {
      for (const sortOrder of ['ascending', 'descending']) {
        const query = `sortBy=${sortBy}&sortOrder=${sortOrder}&count=${page}`
        for (const path of ofUsersOnly.includes(sortBy) ? ['/Users'] : ['/Users', '/Groups']) {
          const first = await client.must('GET', `${path}?${query}&cursor=`)
          for (const request of [`startIndex=1`, 'cursor=', `cursor=${first.nextCursor ?? ''}`]) {
            for (const plan of await reads.of(client, `${path}?${query}&${request}`)) {
              assertIndexed(plan, `${path} ${query} ${request}`)
              if (plan.collection !== path.slice(1).toLowerCase()) continue
              assert.ok(!plan.stages.includes('SORT'), `${path} ${query} ${request}: ${describePlan(plan)}`)
              assert.ok(plan.examined <= 2 * (page + 1), `${path} ${query} ${request}: ${describePlan(plan)}`)
            }
          }
        }
      }
    })
  }

  it('R77 R202 a page of all types walks an index of each', async () => {
    for (const order of ['', '&sortBy=displayName', '&sortBy=externalId&sortOrder=descending']) {
      const path = `/?filter=${encodeURIComponent('id pr')}${order}&count=${page}`
      const { nextCursor } = await client.must('GET', `${path}&cursor=`)
      const second = await client.must('GET', `${path}&cursor=${nextCursor}`)
      const cursors = ['', nextCursor, second.previousCursor].map((cursor) => `cursor=${cursor}`)
      for (const request of [...cursors, 'startIndex=21']) {
        for (const plan of await reads.of(client, `${path}&${request}`)) {
          const shown = `${path}&${request}: ${describePlan(plan)}`
          assertIndexed(plan, shown)
          if (plan.collection !== 'users' && plan.collection !== 'groups') continue
          assert.ok(!plan.stages.includes('SORT'), shown)
          assert.ok(plan.examined <= 2 * (2 * page + 1), shown)
        }
      }
    }
  })

  it('R186 a page in another order is sorted within its organization', async () => {
    for (const sortBy of ['title', 'emails', 'meta.created', 'active', `${enterpriseUrn}:department`]) {
      for (const plan of await reads.of(client, `/Users?sortBy=${sortBy}&count=${page}`)) {
        assertIndexed(plan, sortBy)
        assert.ok(plan.examined <= 2 * size, `${sortBy}: ${describePlan(plan)}`)
      }
    }
  })

  it('R74 what many ask for at once by id or userName is found by an index, alone and together', async () => {
    const names = Array.from(
      { length: 20 },
      (_, at) => `/Users?filter=${encodeURIComponent(`userName eq "user-${at}"`)}`,
    )
    for (const paths of [mine.users.slice(0, 20).map((id) => `/Users/${id}`), names]) {
      const plans = await reads.of(client, ...paths)
      for (const plan of plans) {
        assertIndexed(plan, paths[0]!)
        assert.ok(plan.examined <= 2 * Math.max(plan.returned, 1), `${paths[0]}: ${describePlan(plan)}`)
      }
    }
  })

  it('R74 one resource is found by its id', async () => {
    for (const path of [`/Users/${mine.users[3]}`, `/Groups/${mine.inner}`]) {
      for (const plan of await reads.of(client, path)) {
        assertIndexed(plan, path)
        assert.ok(plan.examined <= 2 * Math.max(plan.returned, 1), `${path}: ${describePlan(plan)}`)
      }
    }
  })
})

/** An organization with people of many kinds and a few groups. */
async function populate() {
  const organization = await usher.organization()
  const scim = await organization.scimClient()
  const people = Array.from({ length: size }, (_, at) => ({
    ...user(`user-${at}`, {
      externalId: `x-${at}`,
      ...(at % 3 === 0 ? {} : { displayName: `Person ${at}` }),
      name: { givenName: `Given ${at % 5}`, ...(at % 2 === 0 ? {} : { familyName: `Family ${at % 40}` }) },
      ...(at % 4 === 0 ? { title: 'Engineer' } : {}),
      active: at % 20 !== 0,
      emails: [
        { value: `user-${at}@d${at % 3}.example`, type: 'work' },
        { value: `home-${at}@other.example`, type: 'home' },
      ],
      ...(at === 7 ? { roles: [{ value: 'editor' }] } : {}),
      ...(at % 6 === 0 ? { [enterpriseUrn]: { department: 'Tools' } } : {}),
    }),
  }))
  const users = (await bulk(scim, '/Users', people)).map((location) => location.split('/').at(-1) ?? '')
  const inner = await scim.must(
    'POST',
    '/Groups',
    group('Inner', { members: users.slice(0, 5).map((value) => ({ value })) }),
  )
  await scim.must('POST', '/Groups', group('Outer', { members: [{ value: inner.id }] }))
  const manager = { op: 'add', path: `${enterpriseUrn}:manager.value`, value: users[1] }
  await scim.must('PATCH', `/Users/${users[2]}`, patchOp(manager))
  await bulk(
    scim,
    '/Groups',
    Array.from({ length: 40 }, (_, at) => group(`Group ${at}`, { externalId: `g-${at}` })),
  )
  const { meta } = await scim.must('GET', `/Groups/${inner.id}`)
  return { client: scim, users, inner: String(inner.id), version: String(meta.version) }
}

async function bulk(scim: ScimClient, path: string, bodies: readonly Json[]): Promise<readonly string[]> {
  const { Operations } = await scim.must('POST', '/Bulk', {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
    Operations: bodies.map((data, at) => ({ method: 'POST', path, bulkId: `b${at}`, data })),
  })
  return Operations.map(({ location }: Json) => location)
}
