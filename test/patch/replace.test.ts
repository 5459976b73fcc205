import { dialects } from '../../src/scim/dialects.ts'
import { enterpriseUrn } from '../schema/registry-of-tests.ts'
import { describeCases, device, router } from './patching.ts'

const work = { value: 'a@work', type: 'work' }
const home = { value: 'a@home', type: 'home' }
const replace = (path: string, value?: unknown) => ({ op: 'replace', path, ...(value === undefined ? {} : { value }) })
const strict = dialects['interop-strict']

describeCases('replace', [
  { title: 'R142 needs a value', operations: [replace('title')], refused: 'invalid_value' },
  {
    title: 'R133 without path replaces each member',
    before: { emails: [work], title: 'S' },
    operations: [
      {
        op: 'replace',
        value: { emails: [home], title: 'T', 'name.givenName': 'A', [`${enterpriseUrn}:manager`]: 'm' },
      },
    ],
    after: { emails: [home], title: 'T', name: { givenName: 'A' }, [enterpriseUrn]: { manager: { value: 'm' } } },
  },
  {
    title: 'R133 a member may be a path with a filter',
    before: { emails: [work, home] },
    operations: [{ op: 'replace', value: { 'emails[type eq "work"].value': 'b@work' } }],
    after: { emails: [{ ...work, value: 'b@work' }, home] },
  },
  {
    title: 'R134 replaces a simple attribute',
    before: { title: 'S' },
    operations: [replace('title', 'T')],
    after: { title: 'T' },
  },
  { title: 'R134 adds what is not there', operations: [replace('TITLE', 'T')], after: { title: 'T' } },
  {
    title: 'R134 another spelling is another value',
    before: { title: 't' },
    operations: [replace('title', 'T')],
    after: { title: 'T' },
  },
  {
    title: 'R97 an equal value changes nothing',
    before: { title: 'T', emails: [work] },
    operations: [replace('title', 'T'), replace('emails', [work])],
  },
  {
    title: 'R135 C8 completes a complex attribute',
    before: { name: { givenName: 'A', familyName: 'B' } },
    operations: [replace('name', { familyName: 'C' })],
    after: { name: { givenName: 'A', familyName: 'C' } },
  },
  {
    title: 'R135 C8 replaces the whole of it in interop-strict',
    before: { name: { givenName: 'A', familyName: 'B' } },
    operations: [replace('name', { familyName: 'C' })],
    dialect: strict,
    after: { name: { familyName: 'C' } },
  },
  {
    title: 'R143 what is named without a value goes',
    before: { name: { givenName: 'A', familyName: 'B', middleName: 'M' } },
    operations: [replace('name', { GivenName: null, middleName: '', familyName: 'C' })],
    after: { name: { familyName: 'C' } },
  },
  {
    title: 'R135 merging nothing changes nothing',
    before: { name: { givenName: 'A' } },
    operations: [replace('name', {})],
  },
  {
    title: 'R135 the whole replaced by nothing is unassigned',
    before: { name: { givenName: 'A' } },
    operations: [replace('name', {})],
    dialect: strict,
    after: {},
  },
  {
    title: 'R136 replaces a list',
    before: { emails: [work] },
    operations: [replace('emails', [home])],
    after: { emails: [home] },
  },
  {
    title: 'R136 takes a single object for a list',
    before: { emails: [work] },
    operations: [replace('emails', home)],
    after: { emails: [home] },
  },
  {
    title: 'R53 R136 equal values become one',
    operations: [replace('emails', [home, { ...home, primary: true }])],
    after: { emails: [{ ...home, primary: true }] },
  },
  {
    title: 'R137 merges an object into the elements that the filter finds',
    before: { emails: [home, { ...work, primary: true, display: 'W' }] },
    operations: [replace('emails[type eq "work"]', { value: 'b@work', display: null })],
    after: { emails: [home, { value: 'b@work', type: 'work', primary: true }] },
  },
  {
    title: 'R138 sets the sub-attribute in all elements that the filter finds',
    before: { phoneNumbers: [{ value: '1', type: 'work' }, { value: '2', type: 'work' }, { value: '3' }] },
    operations: [replace('phoneNumbers[type eq "work"].display', 'D')],
    after: {
      phoneNumbers: [
        { value: '1', display: 'D', type: 'work' },
        { value: '2', display: 'D', type: 'work' },
        { value: '3' },
      ],
    },
  },
  {
    title: 'R114 sets the sub-attribute in all elements without a filter',
    before: { emails: [work, home] },
    operations: [replace('emails.type', 'other')],
    after: {
      emails: [
        { ...work, type: 'other' },
        { ...home, type: 'other' },
      ],
    },
  },
  ...['emails[type eq "work"].value', 'emails[type eq "work"]', 'emails.value'].map((path) => ({
    title: `R139 C1 row 61: ${path} finds nothing`,
    operations: [replace(path, path.endsWith('.value') ? 'x' : { value: 'x' })],
    refused: 'no_target' as const,
  })),
  {
    title: 'R139 C1 the element is created in entra',
    before: { emails: [home] },
    operations: [replace('emails[type eq "work"].value', 'a@work')],
    dialect: dialects.entra,
    after: { emails: [home, work] },
    notes: ['element created from the filter'],
  },
  {
    title: 'R139 C1 from an object as well',
    operations: [replace('emails[type eq "work"]', { value: 'a@work' })],
    dialect: dialects.entra,
    after: { emails: [work] },
  },
  {
    title: 'R139 C1 but not from any other filter',
    operations: [replace('emails[type ne "work"].value', 'x')],
    dialect: dialects.entra,
    refused: 'no_target',
  },
  {
    title: 'R139 C1 an unknown attribute in the filter finds and creates nothing',
    operations: [replace('emails[nope eq "x"].value', 'x')],
    dialect: dialects.entra,
    refused: 'no_target',
  },
  {
    title: 'R139 C1 nothing is created from nothing',
    operations: [replace('emails[type eq "work"].value', '')],
    dialect: dialects.entra,
  },
  {
    title: 'R141 an element that becomes primary takes that from the others',
    before: { emails: [{ ...work, primary: true }, home] },
    operations: [replace('emails[type eq "home"]', { primary: true })],
    after: {
      emails: [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    },
  },
  {
    title: 'R141 not all can be primary',
    before: { emails: [work, home] },
    operations: [replace('emails.primary', true)],
    refused: 'invalid_value',
  },
  ...[null, '', '  '].map((nothing) => ({
    title: `R142 row 67: a required attribute cannot become ${JSON.stringify(nothing)}`,
    operations: [replace('userName', nothing)],
    refused: 'invalid_value' as const,
  })),
  {
    title: 'R142 nor can a required list',
    type: device,
    before: router,
    operations: [replace('ports', [])],
    refused: 'invalid_value',
  },
  {
    title: 'R142 nor a required sub-attribute',
    type: device,
    before: router,
    operations: [replace('ports[value eq "eth0"].value', null)],
    refused: 'invalid_value',
  },
  {
    title: 'R142 nor one inside a value',
    type: device,
    before: { ...router, owner: { desk: 'D' } },
    operations: [replace('owner', { desk: null, name: 'N' })],
    refused: 'invalid_value',
  },
  {
    title: 'R142 nor a required extension',
    type: device,
    before: router,
    operations: [replace('urn:test:Warranty', null)],
    refused: 'invalid_value',
  },
  ...[null, '', []].flatMap((nothing) =>
    ['title', 'name.givenName', 'emails', `${enterpriseUrn}:manager`, `${enterpriseUrn}:manager.value`].map((path) => ({
      title: `R143 ${path} becomes unassigned by ${JSON.stringify(nothing)}`,
      before: {
        nickName: 'N',
        [path === 'name.givenName' ? 'name' : 'nickName']: path === 'name.givenName' ? { givenName: 'A' } : 'N',
        ...(path === 'title' && { title: 'T' }),
        ...(path === 'emails' && { emails: [work] }),
        ...(path.startsWith('urn') && { [enterpriseUrn]: { manager: { value: 'm' } } }),
      },
      operations: [replace(path, nothing)],
      after: { nickName: 'N' },
    })),
  ),
  {
    title: 'R143 the elements that a filter finds become unassigned',
    before: { emails: [work, home] },
    operations: [replace('emails[type eq "work"]', null)],
    after: { emails: [home] },
  },
  ...['True', 'false', 'FALSE'].map((word) => ({
    title: `R146 row 57: active is normalised from ${word}`,
    operations: [replace('active', word)],
    after: { active: word === 'True' },
    notes: ['boolean string'],
  })),
  ...['0', 'yes', 1].map((word) => ({
    title: `R146 active cannot be ${JSON.stringify(word)}`,
    operations: [replace('active', word)],
    refused: 'invalid_value' as const,
  })),
  {
    title: 'R146 row 57: a text is no boolean in interop-strict',
    operations: [replace('active', 'False')],
    dialect: strict,
    refused: 'invalid_value',
  },
  ...[
    'emails[type eq "work" and value co "WORK"].display',
    'emails[not (type eq "home")].display',
    'emails[(type eq "work" or type eq "x") and value pr].display',
    'emails[value sw "a@w"].display',
    'emails[value ew "work" and primary ne true].display',
    'emails[type gt "home"].display',
  ].map((path) => ({
    title: `R147 finds by ${path}`,
    before: { emails: [home, work] },
    operations: [replace(path, 'D')],
    after: { emails: [home, { ...work, display: 'D' }] },
  })),
  {
    title: 'R148 row 69: a password is discarded',
    operations: [replace('password', 'secret')],
    notes: ['password discarded'],
  },
  {
    title: 'R148 C6 a password is refused in interop-strict',
    operations: [replace('password', 'secret')],
    dialect: strict,
    refused: 'invalid_value',
  },
  {
    title: 'replaces simple values that the filter finds',
    type: device,
    before: { ...router, tags: ['a', 'b'] },
    operations: [replace('tags[value eq "A"]', 'c')],
    after: { ...router, tags: ['c', 'b'] },
  },
  {
    title: 'R135 C8 an extension is merged',
    before: { [enterpriseUrn]: { department: 'D', division: 'V' } },
    operations: [replace(enterpriseUrn, { department: 'E' })],
    after: { [enterpriseUrn]: { department: 'E', division: 'V' } },
  },
  {
    title: 'R135 C8 an extension is replaced as a whole in interop-strict',
    before: { [enterpriseUrn]: { department: 'D', division: 'V', manager: { value: 'm' } } },
    operations: [replace(enterpriseUrn, { department: 'E' })],
    dialect: strict,
    after: { [enterpriseUrn]: { department: 'E' } },
  },
  {
    title: 'R128 an extension replaced by null is removed',
    before: { [enterpriseUrn]: { department: 'D' } },
    operations: [replace(enterpriseUrn, null)],
    after: {},
  },
  { title: 'an extension is an object', operations: [replace(enterpriseUrn, 'x')], refused: 'invalid_value' },
])
