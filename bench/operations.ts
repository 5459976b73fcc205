/** What is measured: each operation as a request to Usher and as one to its floor. Those within one list are compared. */
import { randomUUID } from 'node:crypto'
import type { Asking, Client } from './measure.ts'
import { claimsOf, type Stage, userBody } from './stage.ts'

export interface Operation {
  readonly name: string
  /** Least share of the floor's rate with `markedInFlight` requests in flight. */
  readonly mark: number
  readonly usher: Asking
  readonly floor: Asking
}

/** Requests in flight that the marks are about: with one, Usher's own work stands beside its calls. */
export const markedInFlight = 32

export async function operationsOn(
  stage: Stage,
  client: Client,
  tokens: number,
): Promise<readonly (readonly Operation[])[]> {
  const { userIds, largeGroup, smallGroups } = stage
  const fullGroup = await stage.fillGroup(10_000)
  const some = <Item>(items: readonly Item[]) => items[Math.floor(Math.random() * items.length)]!
  const cursors = await walk(stage, client)
  const withPageBehind = userIds.slice(0, -200)
  const joining = (pick: () => string) => ({
    usher: scim(stage, 'PATCH', () => ({
      path: `/Groups/${pick()}?excludedAttributes=members`,
      body: patchOp({ op: 'add', path: 'members', value: [{ value: nextOf(userIds) }] }),
    })),
    floor: floor('member', () => ({ group: pick(), member: some(userIds) })),
  })
  const returning = await returningLogins(stage, client, tokens)
  return [
    [{ name: 'read by id', mark: 0.75, ...reading(stage, () => some(userIds)) }],
    [
      {
        name: 'filter userName eq',
        mark: 0.7,
        usher: scim(stage, 'GET', () => {
          const name = `user-${Math.floor(Math.random() * userIds.length)}@bench.example`
          return { path: `/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}` }
        }),
        floor: floor('find', () => ({ userName: `user-${Math.floor(Math.random() * userIds.length)}@bench.example` })),
      },
    ],
    [
      {
        name: 'page of 100 by cursor',
        mark: 0.6,
        usher: scim(stage, 'GET', () => ({ path: `/Users?count=100&cursor=${some(cursors)}` })),
        floor: floor('page', () => ({ after: some(withPageBehind) })),
      },
    ],
    [
      {
        name: 'group of 10,000 with members',
        mark: 0.5,
        usher: scim(stage, 'GET', () => ({ path: `/Groups/${fullGroup}` })),
        floor: floor('group', () => ({ group: fullGroup })),
      },
    ],
    [
      {
        name: 'create a user',
        mark: 0.7,
        usher: scim(stage, 'POST', () => ({ path: '/Users', body: userBody(randomUUID()) }), 201),
        floor: floor('create', () => ({ name: randomUUID() })),
      },
    ],
    [
      {
        name: 'patch one attribute',
        mark: 0.65,
        usher: scim(stage, 'PATCH', () => ({
          path: `/Users/${some(userIds)}`,
          body: patchOp({ op: 'replace', path: 'title', value: randomUUID() }),
        })),
        floor: floor('patch', () => ({ id: some(userIds), title: randomUUID() })),
      },
    ],
    [
      { name: 'add a member to a group of 10', mark: 0.65, ...joining(() => some(smallGroups)) },
      { name: `add a member to a group of ${stage.members}`, mark: 0.65, ...joining(() => largeGroup) },
    ],
    [
      {
        name: 'first login',
        mark: 0.6,
        usher: await logins(stage, stage.plain, tokens, () => randomUUID()),
        floor: floor('firstLogin', () => ({ name: randomUUID() })),
      },
      {
        name: 'first login into one group',
        mark: 0.6,
        usher: await logins(stage, stage.grouped, tokens, () => randomUUID()),
        floor: floor('firstLogin', () => ({ name: randomUUID(), group: largeGroup })),
      },
    ],
    [{ name: 'returning login, nothing changes', mark: 0.65, ...returning }],
  ]

  function nextOf(ids: readonly string[]): string {
    position = (position + 1) % ids.length
    return ids[position]!
  }
}

let position = 1_000

export function patchOp(...operations: readonly object[]) {
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations }
}

function scim(
  { slug, token }: Stage,
  method: string,
  make: () => { readonly path: string; readonly body?: unknown },
  status = 200,
): Asking {
  return () => {
    const { path, body } = make()
    return { method, path: `/scim/v2/${slug}${path}`, token, body, status }
  }
}

function floor(name: string, body: () => Readonly<Record<string, string>>): Asking {
  return () => ({ method: 'POST', path: `/${name}`, body: body(), status: 200 })
}

function reading(stage: Stage, pick: () => string) {
  return {
    usher: scim(stage, 'GET', () => ({ path: `/Users/${pick()}` })),
    floor: floor('read', () => ({ id: pick() })),
  }
}

/** Tokens are signed before anything is measured; each is used once. */
async function logins(
  stage: Stage,
  connection: string,
  count: number,
  subject: (index: number) => string,
): Promise<Asking> {
  const made = Array.from({ length: count }, (_, index) => {
    return stage.provider.idToken({ ...claimsOf(subject(index)), jti: randomUUID() })
  })
  const tokens = await Promise.all(made)
  return () => {
    const idToken = tokens.pop()
    if (idToken === undefined) return undefined
    return loginOf(stage, connection, idToken)
  }
}

export function loginOf({ slug, operator }: Pick<Stage, 'slug' | 'operator'>, connection: string, idToken: string) {
  const path = `/api/v1/organizations/${slug}/connections/${connection}/logins`
  return { method: 'POST', path, token: operator, body: { idToken }, status: 200 }
}

/** People who have signed in before. */
async function returningLogins(stage: Stage, client: Client, tokens: number) {
  const people = Array.from({ length: 200 }, (_, index) => `returning-${index}`)
  const first = await logins(stage, stage.plain, people.length, (index) => people[index]!)
  await Promise.all(people.map(() => client.must(first()!)))
  return {
    usher: await logins(stage, stage.plain, tokens, (index) => people[index % people.length]!),
    floor: floor('returning', () => ({
      subject: people[Math.floor(Math.random() * people.length)]!,
      connection: stage.plain,
      issuer: stage.provider.issuer,
      token: randomUUID(),
    })),
  }
}

/** Cursors along a walk over the users. */
async function walk(stage: Stage, client: Client): Promise<readonly string[]> {
  const cursors: string[] = []
  let cursor: string | undefined = ''
  while (cursor !== undefined && cursors.length < 20) {
    const page = await client.must(scim(stage, 'GET', () => ({ path: `/Users?count=100&cursor=${cursor}` }))()!)
    cursor = page.nextCursor as string | undefined
    if (cursor !== undefined) cursors.push(encodeURIComponent(cursor))
  }
  return cursors
}
