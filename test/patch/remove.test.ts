import { dialects } from '../../src/scim/dialects.ts'
import { enterpriseUrn, provisioningUrn } from '../schema/registry-of-tests.ts'
import { describeCases, device, router } from './patching.ts'

const work = { value: 'a@work', type: 'work' }
const home = { value: 'a@home', type: 'home' }
const full = {
  title: 'T',
  name: { givenName: 'A', familyName: 'B' },
  emails: [work, home],
  [enterpriseUrn]: { department: 'D', manager: { value: 'm' } },
}
const remove = (path: string, value?: unknown) => ({ op: 'remove', path, ...(value === undefined ? {} : { value }) })
const { title: _title, ...untitled } = full
const { name: _name, ...nameless } = full
const { emails: _emails, ...mailless } = full
const { [enterpriseUrn]: _enterprise, ...private_ } = full

describeCases('remove', [
  { title: 'R120 row 60: needs a path', before: full, operations: [{ op: 'remove' }], refused: 'no_target' },
  {
    title: 'R120 needs a path, even with a value',
    before: full,
    operations: [{ op: 'remove', value: { title: 'T' } }],
    refused: 'no_target',
  },
  { title: 'R121 unassigns a simple attribute', before: full, operations: [remove('title')], after: untitled },
  { title: 'R121 unassigns a complex attribute', before: full, operations: [remove('name')], after: nameless },
  {
    title: 'R121 unassigns one sub-attribute',
    before: full,
    operations: [remove('name.givenName')],
    after: { ...full, name: { familyName: 'B' } },
  },
  {
    title: 'R121 the parent goes with its last sub-attribute',
    before: full,
    operations: [remove('name.givenName'), remove('name.familyName')],
    after: nameless,
  },
  { title: 'R122 without filter takes all values', before: full, operations: [remove('emails')], after: mailless },
  {
    title: 'R123 with filter takes what it finds',
    before: full,
    operations: [remove('emails[type eq "WORK"]')],
    after: { ...full, emails: [home] },
  },
  {
    title: 'R123 nothing left is unassigned',
    before: full,
    operations: [remove('emails[value co "a@"]')],
    after: mailless,
  },
  {
    title: 'R124 takes a sub-attribute of what the filter finds',
    before: {
      addresses: [
        { type: 'work', country: 'DE', locality: 'B' },
        { type: 'home', country: 'DE' },
      ],
    },
    operations: [remove('addresses[type eq "work"].country')],
    after: {
      addresses: [
        { type: 'work', locality: 'B' },
        { type: 'home', country: 'DE' },
      ],
    },
  },
  {
    title: 'R124 row 89: an element that only says its type goes as well',
    before: full,
    operations: [remove('emails[type eq "work"].value')],
    after: { ...full, emails: [home] },
  },
  {
    title: 'R124 unless a later operation gives it content again',
    before: full,
    operations: [
      remove('emails[type eq "work"].value'),
      { op: 'add', path: 'emails[type eq "work"].value', value: 'b@work' },
    ],
    after: { ...full, emails: [{ type: 'work', value: 'b@work' }, home] },
  },
  {
    title: 'R124 without filter takes the sub-attribute of all elements',
    before: { emails: [{ ...work, display: 'W' }, home] },
    operations: [remove('emails.display')],
    after: { emails: [work, home] },
  },
  {
    title: 'R126 C14 succeeds when the filter finds nothing',
    before: full,
    operations: [remove('emails[type eq "other"]')],
  },
  { title: 'R126 C14 succeeds when there is no list', operations: [remove('emails[type eq "other"].value')] },
  {
    title: 'R126 C14 is refused in interop-strict when the filter finds nothing',
    before: full,
    operations: [remove('emails[type eq "other"]')],
    dialect: dialects['interop-strict'],
    refused: 'no_target',
  },
  ...[
    'userName',
    'schemas',
    'id',
    'meta',
    'meta.created',
    'groups',
    `${enterpriseUrn}:manager.displayName`,
    provisioningUrn,
  ].map((path) => ({
    title: `R127 C12 row 55: ${path} cannot be removed`,
    before: full,
    operations: [remove(path)],
    refused: 'mutability' as const,
  })),
  {
    title: 'R127 nor can a required extension',
    type: device,
    before: router,
    operations: [remove('urn:test:Warranty')],
    refused: 'mutability',
  },
  {
    title: 'R127 nor what is required in one',
    type: device,
    before: router,
    operations: [remove('urn:test:Warranty:until')],
    refused: 'mutability',
  },
  {
    title: 'R127 nor the last value of a required list',
    type: device,
    before: router,
    operations: [remove('ports[value eq "eth0"]')],
    refused: 'mutability',
  },
  {
    title: 'R127 nor a required sub-attribute',
    type: device,
    before: router,
    operations: [remove('ports[value eq "eth0"].value')],
    refused: 'mutability',
  },
  {
    title: 'R140 nor an immutable value',
    type: device,
    before: { ...router, model: 'M' },
    operations: [remove('model')],
    refused: 'mutability',
  },
  {
    title: 'R140 an immutable attribute without value may be removed',
    type: device,
    before: router,
    operations: [remove('model')],
  },
  {
    title: 'R140 nor an extension with an immutable value',
    type: device,
    before: { ...router, 'urn:test:Origin': { plant: 'P' } },
    operations: [remove('urn:test:Origin')],
    refused: 'mutability',
  },
  {
    title: 'R140 nor an immutable sub-attribute',
    type: device,
    before: { ...router, owner: { badge: '1', desk: 'D' } },
    operations: [remove('owner.badge')],
    refused: 'mutability',
  },
  {
    title: 'R128 takes a whole extension',
    before: full,
    operations: [remove(enterpriseUrn.toUpperCase())],
    after: private_,
  },
  {
    title: 'R128 the container of an extension goes with its last attribute',
    before: full,
    operations: [remove(`${enterpriseUrn}:department`), remove(`${enterpriseUrn}:manager.value`)],
    after: private_,
  },
  ...['title', 'name', 'name.givenName', 'emails', 'emails.value', enterpriseUrn, `${enterpriseUrn}:manager`].map(
    (path) => ({
      title: `R129 removing ${path} without a value succeeds`,
      operations: [remove(path)],
    }),
  ),
  {
    title: 'R130 with a list takes these values and no others',
    before: full,
    operations: [remove('emails', [{ value: 'A@HOME' }])],
    after: { ...full, emails: [work] },
    notes: ['remove with values'],
  },
  {
    title: 'R130 a value that is not there is passed over',
    before: full,
    operations: [remove('emails', [{ value: 'x' }, { ...home, type: 'other' }])],
  },
  {
    title: 'R130 a single value will do',
    before: full,
    operations: [remove('emails', home)],
    after: { ...full, emails: [work] },
  },
  {
    title: 'R130 takes simple values',
    type: device,
    before: { ...router, tags: ['a', 'b'] },
    operations: [remove('tags', ['A'])],
    after: { ...router, tags: ['b'] },
  },
  {
    title: 'R131 with an empty list takes nothing',
    before: full,
    operations: [remove('emails', [])],
    notes: ['remove with values'],
  },
  {
    title: 'R130 null is no list',
    before: full,
    operations: [{ op: 'remove', path: 'emails', value: null }],
    after: mailless,
  },
  {
    title: 'R132 no other element becomes primary',
    before: { emails: [{ ...work, primary: true }, home] },
    operations: [remove('emails[primary eq true]')],
    after: { emails: [home] },
  },
])
