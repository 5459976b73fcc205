import { dialects } from '../../src/scim/dialects.ts'
import { enterpriseUrn, user } from '../schema/registry-of-tests.ts'
import { describeCases, device, router } from './patching.ts'

const work = { value: 'a@work', type: 'work' }
const home = { value: 'a@home', type: 'home' }
const add = (path: string, value?: unknown) => ({ op: 'add', path, value })

describeCases('add', [
  { title: 'R103 needs a value', operations: [{ op: 'add', path: 'title' }], refused: 'invalid_value' },
  {
    title: 'R104 without path adds each member',
    before: { emails: [work] },
    operations: [{ op: 'add', value: { title: 'T', emails: [home] } }],
    after: { title: 'T', emails: [work, home] },
  },
  { title: 'R105 sets a simple attribute', operations: [add('title', 'T')], after: { title: 'T' } },
  {
    title: 'R105 replaces a simple attribute',
    before: { title: 'S' },
    operations: [add('title', 'T')],
    after: { title: 'T' },
  },
  { title: 'R105 leaves an equal value alone', before: { title: 'T' }, operations: [add('title', 'T')] },
  {
    title: 'R106 completes a complex attribute',
    before: { name: { givenName: 'A', familyName: 'B' } },
    operations: [add('name', { familyName: 'C', middleName: 'M' })],
    after: { name: { givenName: 'A', familyName: 'C', middleName: 'M' } },
  },
  {
    title: 'R106 makes a complex attribute',
    operations: [add('name', { familyName: 'C' })],
    after: { name: { familyName: 'C' } },
  },
  {
    title: 'R107 makes the parent of a sub-attribute',
    operations: [add('name.familyName', 'C')],
    after: { name: { familyName: 'C' } },
  },
  {
    title: 'R107 makes the container of an extension',
    operations: [add(`${enterpriseUrn}:manager.value`, 'm')],
    after: { [enterpriseUrn]: { manager: { value: 'm' } } },
  },
  {
    title: 'R108 appends a list',
    before: { emails: [work] },
    operations: [add('emails', [home])],
    after: { emails: [work, home] },
  },
  {
    title: 'R108 appends a single object',
    operations: [add('emails', home)],
    after: { emails: [home] },
    notes: ['single value for a list'],
  },
  {
    title: 'R108 row 63: does not add an equal value again',
    before: { emails: [work] },
    operations: [add('emails', [work, work])],
  },
  {
    title: 'R108 compares values by the case rule',
    before: { emails: [work] },
    operations: [add('emails', [{ value: 'A@WORK', type: 'WORK' }])],
  },
  {
    title: 'R108 takes a value that says less for the same',
    before: { emails: [work] },
    operations: [add('emails', [{ value: 'a@work' }])],
  },
  {
    title: 'R53 completes the element of the same value and type',
    before: { emails: [home, work] },
    operations: [add('emails', [{ ...home, display: 'Home' }])],
    after: { emails: [{ ...home, display: 'Home' }, work] },
  },
  {
    title: 'R108 has addresses twice only if they differ',
    before: { addresses: [{ type: 'work', locality: 'X' }] },
    operations: [
      add('addresses', [{ type: 'work', locality: 'X' }]),
      add('addresses', [{ type: 'work', locality: 'Y' }]),
    ],
    after: {
      addresses: [
        { type: 'work', locality: 'X' },
        { type: 'work', locality: 'Y' },
      ],
    },
  },
  {
    title: 'R109 appends simple values',
    type: device,
    before: { ...router, tags: ['a'] },
    operations: [add('tags', ['A', 'b'])],
    after: { ...router, tags: ['a', 'b'] },
  },
  {
    title: 'R110 a new primary element takes that from the others',
    before: { emails: [{ ...work, primary: true }] },
    operations: [add('emails', [{ ...home, primary: true }])],
    after: {
      emails: [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    },
  },
  {
    title: 'R110 so does an element that becomes primary',
    before: { emails: [{ ...work, primary: true }, home] },
    operations: [add('emails[type eq "home"].primary', true)],
    after: {
      emails: [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    },
  },
  {
    title: 'R111 row 62: two primary elements are refused',
    operations: [
      add('emails', [
        { ...home, primary: true },
        { ...work, primary: true },
      ]),
    ],
    refused: 'invalid_value',
  },
  {
    title: 'R111 so is making all elements primary',
    before: { emails: [home, work] },
    operations: [add('emails[value co "a@"].primary', true)],
    refused: 'invalid_value',
  },
  {
    title: 'R112 sets a sub-attribute of the elements that the filter finds',
    before: { emails: [work, home] },
    operations: [add('emails[type eq "WORK"].value', 'b@work')],
    after: { emails: [{ type: 'work', value: 'b@work' }, home] },
  },
  {
    title: 'R112 C1b creates the element that the filter describes',
    before: { emails: [home] },
    operations: [add('emails[type eq "work"].value', 'a@work')],
    after: { emails: [home, work] },
    notes: ['element created from the filter'],
  },
  {
    title: 'R112 C1b creates a primary element from its filter, and flips the others',
    before: { roles: [{ value: 'x', primary: true }] },
    operations: [add('roles[primary eq "True" and type eq "app"].value', 'y')],
    dialect: dialects.entra,
    after: {
      roles: [
        { value: 'x', primary: false },
        { value: 'y', type: 'app', primary: true },
      ],
    },
  },
  {
    title: 'R112 C1b is refused in interop-strict',
    operations: [add('emails[type eq "work"].value', 'a@work')],
    dialect: dialects['interop-strict'],
    refused: 'no_target',
  },
  ...[
    'emails[type sw "w"].value',
    'emails[type eq "a" or type eq "b"].value',
    'emails[not (type eq "a")].value',
    'emails[type eq "a" and type eq "b"].value',
  ].map((path) => ({
    title: `R112 creates nothing from ${path}`,
    operations: [add(path, 'x')],
    refused: 'no_target' as const,
  })),
  {
    title: 'R112 several operations build one element',
    operations: [add('emails[type eq "work"].primary', true), add('emails[type eq "work"].value', 'a@work')],
    after: { emails: [{ ...work, primary: true }] },
  },
  {
    title: 'row 89: an element without content is not kept',
    operations: [add('emails[type eq "work"].primary', true)],
  },
  {
    title: 'R113 merges into the elements that the filter finds',
    before: { emails: [work, home] },
    operations: [add('emails[type eq "work"]', { display: 'W', primary: null })],
    after: { emails: [{ ...work, display: 'W' }, home] },
  },
  {
    title: 'R113 creates the element if there is none',
    operations: [add('emails[type eq "work"]', [{ value: 'a@work' }])],
    after: { emails: [work] },
    notes: ['list for a single value', 'element created from the filter'],
  },
  {
    title: 'R113 takes one value',
    operations: [add('emails[type eq "work"]', [home, work])],
    refused: 'invalid_value',
  },
  {
    title: 'R114 needs a filter for a sub-attribute of a list',
    before: { emails: [work] },
    operations: [add('emails.value', 'x')],
    refused: 'invalid_path',
  },
  {
    title: 'R117 an extension as a whole is merged',
    before: { [enterpriseUrn]: { department: 'D' } },
    operations: [add(enterpriseUrn, { costCenter: '7', DIVISION: 'V' })],
    after: { [enterpriseUrn]: { department: 'D', costCenter: '7', division: 'V' } },
  },
  {
    title: 'R117 a list of schemas within an extension is passed over',
    operations: [add(enterpriseUrn, { schemas: [enterpriseUrn], costCenter: '7' })],
    after: { [enterpriseUrn]: { costCenter: '7' } },
    notes: ['schemas within an extension ignored'],
  },
  {
    title: 'R118 accepts schemas of the resource type',
    operations: [add('schemas', [user.schema, enterpriseUrn.toUpperCase()])],
  },
  { title: 'R118 refuses other schemas', operations: [add('schemas', ['urn:nope'])], refused: 'invalid_value' },
  ...[null, []].flatMap((nothing) =>
    ['title', 'name', 'emails', 'name.givenName', 'emails[type eq "work"].value', 'userName'].map((path) => ({
      title: `R119 adding ${JSON.stringify(nothing)} to ${path} changes nothing`,
      before: { title: 'T', name: { givenName: 'A' }, emails: [work] },
      operations: [add(path, nothing)],
    })),
  ),
  {
    title: 'R119 adding null to an extension changes nothing',
    before: { [enterpriseUrn]: { department: 'D' } },
    operations: [add(enterpriseUrn, null)],
  },
  {
    title: 'appends to the values of a multi-valued sub-attribute of a new element',
    type: device,
    before: router,
    operations: [add('ports', [{ value: 'eth1', aliases: ['wan'] }])],
    after: {
      ...router,
      ports: [
        { value: 'eth0', type: 'copper' },
        { value: 'eth1', aliases: ['wan'] },
      ],
    },
  },
  {
    title: 'R108 refuses an element without what is required in it',
    type: device,
    before: router,
    operations: [add('ports', [{ type: 'fibre' }])],
    refused: 'invalid_value',
  },
  { title: 'R105 refuses a wrong type', operations: [add('title', 1)], refused: 'invalid_value' },
  { title: 'row 65: an externalId is a text', operations: [add('externalId', 1)], refused: 'invalid_value' },
])
