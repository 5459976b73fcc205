/** What anybody may send, with a liking for what means something somewhere: by where it is in a request. */
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { askBulk } from './bulking.ts'
import type { House } from './house.ts'
import { enterpriseUrn } from './patching.ts'
import { send } from './raw.ts'
import { type Answer, patchOp, type Usher, user } from './usher.ts'

export interface FuzzedHouse extends House {
  readonly usher: Usher
  /** Somebody who is known. */
  readonly known: string
  /** One that a list has given. */
  readonly cursor: string
}

/** A request that may be sent again, and what of it nobody may hear of. */
interface Asked {
  readonly ask: () => Promise<Answer>
  readonly secrets: readonly string[]
}

type Sending = (house: FuzzedHouse) => Asked

/** Stands for a password wherever one may be sent. */
export const secretText = `Secret-${randomBytes(9).toString('hex')}`

const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

const name = fc.constantFrom(
  ...['__proto__', 'constructor', 'prototype', 'toString', '$where', 'a.b', '', 'schemas', 'id', 'meta', 'externalId'],
  ...[
    'userName',
    'displayName',
    'name',
    'givenName',
    'emails',
    'value',
    'type',
    'primary',
    'active',
    'members',
    'roles',
  ],
  ...['groups', 'password', 'meta.created', 'emails.value', enterpriseUrn, `${enterpriseUrn}:manager.value`],
)
const sign = fc.constantFrom(
  ...[
    '(',
    ')',
    '[',
    ']',
    '"',
    '\\',
    '.',
    ':',
    ' eq ',
    ' co ',
    ' gt ',
    ' pr',
    ' and ',
    ' or ',
    'not (',
    '"x"',
    '-1',
    '1e9',
  ],
  ...['true', 'null', '$', '%00', '\0', '\ud800', '😀', '2020-01-01T00:00:00Z'],
)
const text = fc.oneof(
  fc.array(fc.oneof(name, sign), { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 30 }),
)
/** JSON whose members may be called like what every object inherits. */
const { value: json, object: jsonObject } = fc.letrec<{ value: unknown; object: Readonly<Record<string, unknown>> }>(
  (tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, false, 0, -1, 1e300, 2 ** 53, 'urn:ietf:params:scim:schemas:core:2.0:User'),
      text,
      tie('object'),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
    object: fc
      .array(fc.tuple(fc.oneof({ weight: 5, arbitrary: name }, text), tie('value')), { maxLength: 5 })
      .map((entries) => Object.fromEntries(entries)),
  }),
)

const query = (parameters: Readonly<Record<string, unknown>>) =>
  Object.entries(parameters)
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value).toWellFormed())}`)
    .join('&')

/** A failure shows what was sent. */
function sendings<Drawn>(
  values: fc.Arbitrary<Drawn>,
  send: (drawn: Drawn, house: FuzzedHouse) => Asked,
): fc.Arbitrary<Sending> {
  return values.map((drawn) =>
    Object.assign((house: FuzzedHouse) => send(drawn, house), { [fc.toStringMethod]: () => fc.stringify(drawn) }),
  )
}

const plain = (ask: () => Promise<Answer>, secrets: readonly string[] = []): Asked => ({ ask, secrets })

const filters = sendings(
  fc.tuple(text, fc.constantFrom('/Users', '/Groups', '/', '.search')),
  ([filter, path], { scim }) =>
    plain(() =>
      path === '.search'
        ? scim.call('POST', '/Users/.search', { schemas: [searchUrn], filter })
        : scim.call('GET', `${path}?${query({ filter })}`),
    ),
)

const places = ['add', 'replace', 'remove', 'attributes', 'excludedAttributes', 'sortBy', 'id'] as const
const paths = sendings(fc.tuple(text, json, fc.constantFrom(...places)), ([path, value, place], { scim, known }) =>
  plain(() => {
    if (place === 'id') return scim.call('GET', `/Users/${encodeURIComponent(path.toWellFormed())}`)
    if (place === 'add' || place === 'replace' || place === 'remove') {
      return scim.call('PATCH', `/Users/${known}`, patchOp({ op: place, path, value }))
    }
    return scim.call('GET', `/Users?${query({ [place]: path })}`)
  }),
)

/** What takes a body; `withSecret` is the body as that of a user who has a password. */
const targets = {
  create: ({ scim }, _, withSecret) => scim.call('POST', '/Users', withSecret),
  replace: ({ scim, known }, _, withSecret) => scim.call('PUT', `/Users/${known}`, withSecret),
  patch: ({ scim, known }, body, withSecret) =>
    scim.call('PATCH', `/Users/${known}`, { ...patchOp({ op: 'add', value: withSecret }), ...openedUp(body) }),
  group: ({ scim }, body) => scim.call('POST', '/Groups', body),
  bulk: ({ scim }, body, data) => askBulk(scim, [{ method: 'POST', path: '/Users', bulkId: 'a', data }, body]),
  search: ({ scim }, body) => scim.call('POST', '/Users/.search', { schemas: [searchUrn], ...openedUp(body) }),
  settings: ({ organization, connection }, body) =>
    organization.ask('PATCH', `/connections/${connection.id}/jit`, { required: body, ...openedUp(body) }),
  role: ({ organization }, body) => organization.ask('PUT', '/roles/helper', body),
} satisfies Record<string, (house: FuzzedHouse, body: unknown, withSecret: object) => Promise<Answer>>

const bodies = sendings(
  fc.tuple(
    fc.oneof({ weight: 4, arbitrary: jsonObject }, json),
    fc.constantFrom(...(Object.keys(targets) as (keyof typeof targets)[])),
  ),
  ([body, target], house) =>
    plain(
      () => targets[target](house, body, { ...user('bob'), ...openedUp(body), password: secretText }),
      [secretText],
    ),
)

function openedUp(body: unknown): object {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {}
}

/** Claims of every shape; those that make a token genuine are left as they are. */
const claimNames = ['name', 'nickname', 'email', 'email_verified', 'emails', 'groups', 'a', 'sub']
const claims = sendings(
  fc.tuple(fc.dictionary(fc.constantFrom(...claimNames), json, { noNullPrototype: true, maxKeys: 4 }), jsonObject),
  ([known, others], { organization, connection, person }) => {
    const signed = connection.token({ ...others, ...person('ann'), ...known })
    return plain(async () =>
      organization.ask('POST', `/connections/${connection.id}/logins`, { idToken: await signed }),
    )
  },
)

const headerNames = [
  ...['accept', 'accept-encoding', 'accept-language', 'authorization', 'content-encoding', 'content-type', 'cookie'],
  ...['forwarded', 'if-match', 'if-none-match', 'if-modified-since', 'origin', 'prefer', 'range', 'traceparent'],
  ...['tracestate', 'user-agent', 'x-forwarded-for', 'x-forwarded-proto', 'x-request-id'],
]
const headerParts = [
  ...['W/"1"', '*', 'application/json', 'application/scim+json', ';q=0', ', ', 'Bearer ', 'Basic ', secretText, 'gzip'],
  ...['respond-async', '00-', 'charset=', '127.0.0.1', 'http'],
]
/** What a field value may consist of (RFC 9110 section 5.5). */
const headerCharacter = fc
  .oneof(fc.constant(0x09), fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }))
  .map((code) => String.fromCharCode(code))
const headerText = fc.oneof(
  fc.string({ unit: headerCharacter, maxLength: 30 }),
  fc.array(fc.constantFrom(...headerParts), { maxLength: 4 }).map((parts) => parts.join('')),
)
const headers = sendings(
  fc.tuple(
    fc.dictionary(fc.constantFrom(...headerNames), headerText, { noNullPrototype: true, maxKeys: 4 }),
    fc.constantFrom('GET', 'PATCH', 'POST'),
  ),
  ([given, method], { usher, organization, scim, known }) => {
    const path = `/scim/v2/${organization.slug}/Users${method === 'POST' ? '' : `/${known}`}`
    const written = method === 'POST' ? user('cat') : patchOp({ op: 'add', path: 'title', value: 'x' })
    const own = { authorization: `Bearer ${scim.token}`, 'content-type': 'application/scim+json' }
    // By its id a request is known to everybody.
    const requestId = (given['x-request-id'] ?? 'x').replaceAll(secretText, 'x')
    const sent = { ...own, ...given, 'x-request-id': requestId }
    const body = method === 'GET' ? {} : { body: JSON.stringify(written) }
    return plain(() => send(usher.url, { method, path, headers: sent, ...body }), [secretText])
  },
)

const lists = ['/Groups', '/changes', '/decisions', '/inbox', '/duplicates', '/tombstones'] as const
const cursors = sendings(
  fc.tuple(
    fc.nat(200),
    text,
    fc.constantFrom('cut', 'longer', 'other', 'replaced'),
    fc.constantFrom(...lists),
    fc.option(text, { nil: '1' }),
  ),
  ([at, piece, how, path, size], { scim, organization, cursor: genuine }) => {
    const begin = genuine.slice(0, at)
    const forged = {
      cut: begin,
      longer: begin + piece + genuine.slice(at),
      other: begin + piece + genuine.slice(at + piece.length),
      replaced: piece,
    }
    const cursor = forged[how]
    return plain(() =>
      path === '/Groups'
        ? scim.call('GET', `${path}?${query({ cursor, count: size })}`)
        : organization.ask('GET', `${path}?${query({ cursor, limit: size })}`),
    )
  },
)

/** Requests, by what of them is made up. */
export const fuzzed: Readonly<Record<string, fc.Arbitrary<Sending>>> = {
  filters,
  paths,
  bodies,
  claims,
  headers,
  cursors,
}
