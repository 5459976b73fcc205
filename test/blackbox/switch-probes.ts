/** For each switch of a dialect the request that shows it, and what is seen at each of its values. */
import type { SwitchName } from '../../src/scim/dialects.ts'
import { enterpriseUrn, type Json } from './patching.ts'
import { type Answer, group, type Organization, patchOp, type ScimClient, user } from './usher.ts'

export interface Probe {
  /** Of the table of conflicts, or of the requirement. */
  readonly ids: string
  /** What is seen, in one word or two. */
  readonly ask: (client: ScimClient, organization: Organization) => Promise<string>
  readonly expected: Readonly<Record<string, string>>
}

const home = { value: 'ann@home.example', type: 'home' }
const json = 'application/json'
const scimJson = 'application/scim+json'

const make = async (client: ScimClient, more: Json = {}) => (await client.must('POST', '/Users', user('ann', more))).id
/** `accepted`, the keyword of the refusal, or its status. */
const outcome = ({ status, body }: Answer) => (status < 300 ? 'accepted' : String(body?.scimType ?? status))
const patched = async (client: ScimClient, more: Json, ...operations: readonly Json[]) =>
  client.call('PATCH', `/Users/${await make(client, more)}?attributes=name,emails,roles`, patchOp(...operations))
const patchOutcome = async (client: ScimClient, more: Json, ...operations: readonly Json[]) =>
  outcome(await patched(client, more, ...operations))
const find = (client: ScimClient, filter: string, path = '/Users') =>
  client.call('GET', `${path}?filter=${encodeURIComponent(filter)}`)
/** The one answer that all of these have. */
const allOf = (outcomes: readonly string[]) => [...new Set(outcomes)].join(' and ')

export const probes: Readonly<Record<SwitchName, Probe>> = {
  filteredReplaceMiss: {
    ids: 'C1 R139',
    ask: (client) =>
      patchOutcome(client, { emails: [home] }, { op: 'replace', path: 'emails[type eq "work"].value', value: 'x' }),
    expected: { noTarget: 'noTarget', create: 'accepted' },
  },
  filteredAddMiss: {
    ids: 'C1b R112',
    ask: (client) =>
      patchOutcome(client, { emails: [home] }, { op: 'add', path: 'emails[type eq "work"].value', value: 'x' }),
    expected: { create: 'accepted', refuse: 'noTarget' },
  },
  filteredRemoveMiss: {
    ids: 'C14 R126',
    ask: (client) => patchOutcome(client, { emails: [home] }, { op: 'remove', path: 'emails[type eq "work"]' }),
    expected: { success: 'accepted', noTarget: 'noTarget' },
  },
  pathlessPatch: {
    ids: 'C2 R133',
    ask: (client) => patchOutcome(client, {}, { op: 'replace', value: { title: 'x' } }),
    expected: { accept: 'accepted', refuse: 'invalidSyntax' },
  },
  unknownAttributes: {
    ids: 'C3 R51',
    ask: async (client) =>
      allOf([
        outcome(await client.call('POST', '/Users', user('ann', { shoeSize: 42 }))),
        outcome(await client.call('POST', '/Users', { ...user('bob'), schemas: [...user('').schemas, 'urn:x:y'] })),
        outcome(await client.call('POST', '/Users', user('cat', { name: { shoeSize: 42 } }))),
      ]),
    expected: { ignore: 'accepted', refuse: 'invalidSyntax' },
  },
  unknownPatchPath: {
    ids: 'C3 R99',
    ask: (client) => patchOutcome(client, {}, { op: 'add', path: 'shoeSize', value: 42 }),
    expected: { refuse: 'invalidPath', ignore: 'accepted' },
  },
  patchAnswer: {
    ids: 'C4 R95',
    ask: async (client) => {
      const body = patchOp({ op: 'add', path: 'title', value: 'x' })
      return String((await client.call('PATCH', `/Users/${await make(client)}`, body)).status)
    },
    expected: { body: '200', empty: '204' },
  },
  password: {
    ids: 'C6 R148 R248',
    ask: async (client) =>
      allOf([
        outcome(await client.call('POST', '/Users', user('bob', { password: 'x' }))),
        await patchOutcome(client, {}, { op: 'replace', path: 'password', value: 'x' }),
      ]),
    expected: { discard: 'accepted', refuse: 'invalidValue' },
  },
  mediaType: {
    ids: 'C7 R22',
    ask: async (client) => {
      const types = [json, scimJson].map(async (accept) =>
        (await client.call('GET', '/Users', undefined, { accept })).headers.get('content-type'),
      )
      return (await Promise.all(types)).join(' and ')
    },
    expected: {
      negotiate: `${json} and ${scimJson}`,
      scim: `${scimJson} and ${scimJson}`,
      json: `${json} and ${json}`,
    },
  },
  complexReplace: {
    ids: 'C8 R135',
    ask: async (client) => {
      const name = { givenName: 'Ann', familyName: 'Lee' }
      const { body } = await patched(client, { name }, { op: 'replace', path: 'name', value: { givenName: 'Anna' } })
      return `${body.name.givenName} ${body.name.familyName}`
    },
    expected: { merge: 'Anna Lee', whole: 'Anna undefined' },
  },
  unknownFilterAttribute: {
    ids: 'C9 R176',
    ask: async (client) => outcome(await find(client, 'shoeSize eq "42"')),
    expected: { refuse: 'invalidFilter', noValue: 'accepted' },
  },
  discoveryFilter: {
    ids: 'C10 R14',
    ask: async (client) =>
      allOf([outcome(await find(client, 'id pr', '/Schemas')), outcome(await find(client, 'id pr', '/ResourceTypes'))]),
    expected: { refuse: '403', ignore: 'accepted' },
  },
  patchOpSchemas: {
    ids: 'C11 R91',
    ask: async (client) => {
      const { Operations } = patchOp({ op: 'add', path: 'title', value: 'x' })
      return outcome(await client.call('PATCH', `/Users/${await make(client)}`, { Operations }))
    },
    expected: { require: 'invalidSyntax', infer: 'accepted' },
  },
  routeCase: {
    ids: 'C16',
    ask: async (client) =>
      allOf([outcome(await client.call('GET', '/users')), outcome(await client.call('GET', '/SCHEMAS'))]),
    expected: { insensitive: 'accepted', exact: '404' },
  },
  bareWords: {
    ids: 'C17 R183',
    ask: async (client) => outcome(await find(client, 'userName eq ann')),
    expected: { refuse: 'invalidFilter', accept: 'accepted' },
  },
  externalIdUnique: {
    ids: 'C18 R43',
    ask: async (client, organization) => {
      const { id } = await client.must('POST', '/Users', user('first', { externalId: 'x' }))
      const second = (await client.must('POST', '/Users', user('second'))).id
      const take = patchOp({ op: 'add', path: 'externalId', value: 'x' })
      const own = [
        await client.call('POST', '/Users', user('third', { externalId: 'x' })),
        await client.call('PATCH', `/Users/${second}`, take),
        await client.call('PUT', `/Users/${second}`, user('second', { externalId: 'x' })),
      ]
      const switches = (await organization.admin('GET', `/scim-clients/${client.id}`)).switches
      const other = await organization.scimClient({ switches })
      const foreign = await other.call('POST', '/Users', user('fourth', { externalId: 'x' }))
      const again = await client.call('PUT', `/Users/${id}`, user('first', { externalId: 'x' }))
      return `${allOf(own.map(outcome))}, ${outcome(foreign)}, ${outcome(again)}`
    },
    expected: {
      none: 'accepted, accepted, accepted',
      client: 'uniqueness, accepted, accepted',
      organization: 'uniqueness, uniqueness, accepted',
    },
  },
  stringBooleans: {
    ids: 'R146 R167',
    ask: async (client) =>
      [
        outcome(await client.call('POST', '/Users', user('bob', { active: 'True' }))),
        await patchOutcome(client, {}, { op: 'replace', path: 'active', value: 'False' }),
        outcome(await find(client, 'active eq "True"')),
      ].join(' '),
    expected: { accept: 'accepted accepted accepted', refuse: 'invalidValue invalidValue invalidFilter' },
  },
  bareExtensionNames: {
    ids: 'R160',
    ask: async (client) => outcome(await find(client, 'department eq "x"')),
    expected: { accept: 'accepted', refuse: 'invalidFilter' },
  },
  managerShape: {
    ids: 'R143',
    ask: async (client) =>
      allOf([
        outcome(await client.call('POST', '/Users', user('bob', { [enterpriseUrn]: { manager: 'boss' } }))),
        await patchOutcome(client, {}, { op: 'replace', path: `${enterpriseUrn}:manager`, value: '' }),
      ]),
    expected: { accept: 'accepted', refuse: 'invalidValue' },
  },
  bareRoles: {
    ids: 'R257',
    ask: async (client) => {
      const text = await client.call('POST', '/Users', user('bob', { roles: ['editor'] }))
      const value = JSON.stringify({ value: 'editor' })
      const read = await client.must('POST', '/Users', user('ann', { roles: [{ value }] }))
      return `${outcome(text)}, ${read.roles.some((role: Json) => role.value === 'editor') ? 'read' : 'kept'}`
    },
    expected: { accept: 'accepted, kept', parse: 'accepted, read', refuse: 'invalidValue, kept' },
  },
  missingSchemas: {
    ids: 'R63 R213 R217',
    ask: async (client) =>
      allOf([
        outcome(await client.call('POST', '/Users', { userName: 'bob' })),
        outcome(await client.call('PUT', `/Users/${await make(client)}`, { userName: 'ann' })),
        outcome(await client.call('POST', '/Users/.search', { count: 1 })),
        outcome(await client.call('POST', '/Bulk', { Operations: [{ method: 'DELETE', path: '/Users/x' }] })),
      ]),
    expected: { require: 'invalidSyntax', infer: 'accepted' },
  },
  emptyOperations: {
    ids: 'R92',
    ask: (client) => patchOutcome(client, {}),
    expected: { refuse: 'invalidSyntax', noop: 'accepted' },
  },
  putOmittedMembers: {
    ids: 'R88',
    ask: async (client) => {
      const body = group('Crew', { members: [{ value: await make(client) }] })
      const { id } = await client.must('POST', '/Groups', body)
      return String((await client.must('PUT', `/Groups/${id}`, group('Crew'))).members?.length ?? 0)
    },
    expected: { clear: '0', keep: '1' },
  },
  putMerge: {
    ids: 'R86',
    ask: async (client) => {
      const id = await make(client, { title: 'One' })
      return (await client.must('PUT', `/Users/${id}`, user('ann'))).title ?? 'none'
    },
    expected: { replace: 'none', merge: 'One' },
  },
  asyncRequests: {
    ids: 'R233 R284',
    ask: async (client) => {
      const { status } = await client.call('POST', '/Users', user('ann'), { prefer: 'respond-async' })
      const { securityEvents } = await client.must('GET', '/ServiceProviderConfig')
      return `${status} ${securityEvents?.asyncRequest}`
    },
    expected: { ignore: '201 undefined', accept: '202 long' },
  },
  integerForm: {
    ids: 'R49 R216',
    ask: async (client) => {
      const search = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'
      return outcome(await client.call('POST', '/Users/.search', `{"schemas":["${search}"],"count":1.0}`))
    },
    expected: { any: 'accepted', exact: 'invalidValue' },
  },
  bothProjections: {
    ids: 'R208',
    ask: async (client) => outcome(await client.call('GET', '/Users?attributes=id&excludedAttributes=meta')),
    expected: { attributesWins: 'accepted', refuse: 'invalidValue' },
  },
  countryAlpha2: {
    ids: 'R252',
    ask: async (client) =>
      outcome(await client.call('POST', '/Users', user('ann', { addresses: [{ country: 'USA', type: 'work' }] }))),
    expected: { true: 'invalidValue', false: 'accepted' },
  },
}
