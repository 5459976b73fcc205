/** Many at once on one thing: nothing that was accepted may be lost, and nothing may be made twice. */
import { randomUUID } from 'node:crypto'
import type { Client } from './measure.ts'
import { loginOf, patchOp } from './operations.ts'
import { claimsOf, type Stage, userBody } from './stage.ts'

export interface Loss {
  readonly name: string
  readonly asked: number
  readonly kept: number
}

export async function checkLosses(stage: Stage, client: Client): Promise<readonly Loss[]> {
  return [
    await patches(stage, client),
    await memberAdds(stage, client),
    await racingLogins(stage, client),
    await equalCreates(stage, client),
  ]
}

async function patches(stage: Stage, client: Client): Promise<Loss> {
  const path = `/scim/v2/${stage.slug}/Users/${stage.userIds[0]}`
  const values = Array.from({ length: 50 }, (_, index) => `+1-555-02${index}`)
  await together(values, (value) => {
    const body = patchOp({ op: 'add', path: 'phoneNumbers', value: [{ value, type: 'other' }] })
    return client.must({ method: 'PATCH', path, token: stage.token, body, status: 200 })
  })
  const user = await client.must({ method: 'GET', path, token: stage.token, status: 200 })
  const there = new Set(user.phoneNumbers.map(({ value }: { value: string }) => value))
  return { name: '50 patches of one user', asked: 50, kept: values.filter((value) => there.has(value)).length }
}

async function memberAdds(stage: Stage, client: Client): Promise<Loss> {
  const path = `/scim/v2/${stage.slug}/Groups/${stage.smallGroups[0]}`
  const members = stage.userIds.slice(-50)
  await together(members, (value) => {
    const body = patchOp({ op: 'add', path: 'members', value: [{ value }] })
    return client.must({ method: 'PATCH', path, token: stage.token, body, status: 200 })
  })
  const group = await client.must({ method: 'GET', path, token: stage.token, status: 200 })
  const there = new Set(group.members.map(({ value }: { value: string }) => value))
  return { name: '50 members into one group', asked: 50, kept: members.filter((value) => there.has(value)).length }
}

/** Each login is answered, and all of them name one user. */
async function racingLogins(stage: Stage, client: Client): Promise<Loss> {
  const claims = claimsOf(randomUUID())
  const tokens = await Promise.all(
    Array.from({ length: 50 }, () => stage.provider.idToken({ ...claims, jti: randomUUID() })),
  )
  const answers = await together(tokens, (idToken) => client.must(loginOf(stage, stage.plain, idToken)))
  const [first] = answers
  const kept = answers.filter(({ user }) => user.id === first.user.id).length
  return { name: '50 first logins of one person, one user', asked: 50, kept }
}

/** One is made; each of the others is told that the name is taken. */
async function equalCreates(stage: Stage, client: Client): Promise<Loss> {
  const body = userBody(randomUUID())
  const path = `/scim/v2/${stage.slug}/Users`
  const answers = await together(Array.from({ length: 100 }), () =>
    client.send({ method: 'POST', path, token: stage.token, body, status: 201 }),
  )
  const made = answers.filter(({ status }) => status === 201).length
  const refused = answers.filter(({ status }) => status === 409).length
  return { name: '100 equal creates, one user', asked: 100, kept: made === 1 ? made + refused : 0 }
}

function together<Item, Result>(items: readonly Item[], run: (item: Item) => Promise<Result>): Promise<Result[]> {
  return Promise.all(items.map(run))
}
