/** What is asked during a day: mostly people who come back, and here and there what their administrators do. */
import { randomInt, randomUUID } from 'node:crypto'
import type { TestProvider } from '../test/provider/test-provider.ts'
import type { Errands } from './loops.ts'
import type { Ask } from './measure.ts'
import { loginOf, patchOp } from './operations.ts'
import type { Organization } from './organizations.ts'
import { claimsOf, operatorToken, userBody } from './stage.ts'

/** How many of fifty are of each kind. */
export const shares = {
  'returning login': 35,
  'read by id': 5,
  'filter userName eq': 5,
  'patch one attribute': 4,
  'create a user': 1,
} as const satisfies Readonly<Record<string, number>>

type Kind = keyof typeof shares

const fifty = Object.entries(shares).flatMap(([kind, count]) => Array.from({ length: count }, () => kind as Kind))

/** Tokens are signed this many at a time. */
const batchSize = 100
/** Seconds for which a token is good: it waits for its turn. */
const lifetime = 3_600

/**
 * Makes at most `count` errands, each in an organization drawn by chance. Of every fifty the shares are exact, in an
 * order drawn by chance. The tokens of the logins are signed before, and each is used once.
 */
export async function errandsOf(
  organizations: readonly Organization[],
  provider: TestProvider,
  count: number,
): Promise<Errands> {
  const logins = await signLogins(organizations, provider, Math.ceil(count / fifty.length) * shares['returning login'])
  const makers: Readonly<Record<Exclude<Kind, 'returning login'>, (organization: Organization) => Ask>> = {
    'read by id': readById,
    'filter userName eq': filterByName,
    'patch one attribute': patchTitle,
    'create a user': createUser,
  }
  let deck: Kind[] = []
  return () => {
    if (deck.length === 0) deck = shuffled(fifty)
    const kind = deck.pop()!
    const ask = kind === 'returning login' ? logins.pop() : makers[kind](oneOf(organizations))
    return ask && { kind, ask }
  }
}

async function signLogins(
  organizations: readonly Organization[],
  provider: TestProvider,
  count: number,
): Promise<Ask[]> {
  const asks: Ask[] = []
  const exp = Math.floor(Date.now() / 1_000) + lifetime
  while (asks.length < count) {
    const batch = Array.from({ length: Math.min(batchSize, count - asks.length) }, async () => {
      const { slug, domain, connection, people } = oneOf(organizations)
      const idToken = await provider.idToken({ ...claimsOf(oneOf(people), domain), jti: randomUUID(), exp })
      const check = (body: string) => body.includes('"outcome":"unchanged"')
      return { ...loginOf({ slug, operator: operatorToken }, connection, idToken), check }
    })
    asks.push(...(await Promise.all(batch)))
  }
  return asks
}

export function readById({ slug, token, userIds }: Pick<Organization, 'slug' | 'token' | 'userIds'>): Ask {
  return { method: 'GET', path: `/scim/v2/${slug}/Users/${oneOf(userIds)}`, token, status: 200 }
}

function filterByName({ slug, domain, token, userIds }: Organization): Ask {
  const filter = encodeURIComponent(`userName eq "user-${randomInt(userIds.length)}@${domain}"`)
  const check = (body: string) => body.includes('"totalResults":1,')
  return { method: 'GET', path: `/scim/v2/${slug}/Users?filter=${filter}`, token, status: 200, check }
}

function patchTitle(organization: Organization): Ask {
  const body = patchOp({ op: 'replace', path: 'title', value: randomUUID() })
  return { ...readById(organization), method: 'PATCH', body }
}

function createUser({ slug, domain, token }: Organization): Ask {
  return { method: 'POST', path: `/scim/v2/${slug}/Users`, token, body: userBody(randomUUID(), domain), status: 201 }
}

function oneOf<Item>(items: readonly Item[]): Item {
  return items[randomInt(items.length)]!
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const order = [...items]
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1)
    const item = order[last]!
    order[last] = order[other]!
    order[other] = item
  }
  return order
}
