import { dialects } from '../../src/scim/dialects.ts'
import { enterpriseUrn } from '../schema/registry-of-tests.ts'
import { describeCases, device, router } from './patching.ts'

const add = (path: string, value?: unknown) => ({ op: 'add', path, value })
const replace = (path: string, value?: unknown) => ({ op: 'replace', path, ...(value === undefined ? {} : { value }) })
const strict = dialects['interop-strict']

describeCases('add to what a client cannot change (RFC 7643 section 7)', [
  {
    title: 'R115 gives an immutable attribute its first value',
    type: device,
    before: router,
    operations: [add('model', 'M')],
    after: { ...router, model: 'M' },
  },
  {
    title: 'R115 gives it no second one',
    type: device,
    before: { ...router, model: 'M' },
    operations: [add('model', 'N')],
    refused: 'mutability',
  },
  {
    title: 'R115 accepts the same one',
    type: device,
    before: { ...router, model: 'M' },
    operations: [add('model', 'm')],
  },
  {
    title: 'R115 does not grow an immutable list',
    type: device,
    before: { ...router, colours: ['red'] },
    operations: [add('colours', ['blue'])],
    refused: 'mutability',
  },
  {
    title: 'R115 accepts the same immutable list',
    type: device,
    before: { ...router, colours: ['red'] },
    operations: [add('colours', ['RED'])],
  },
  {
    title: 'R115 holds for sub-attributes',
    type: device,
    before: { ...router, owner: { badge: '1', desk: 'D' } },
    operations: [add('owner', { badge: '2' })],
    refused: 'mutability',
  },
  {
    title: 'R115 holds for sub-attributes of elements',
    type: device,
    before: { ...router, ports: [{ value: 'eth0', address: 'A' }] },
    operations: [add('ports[value eq "eth0"].address', 'B')],
    refused: 'mutability',
  },
  ...[
    'id',
    'meta',
    'meta.created',
    'groups',
    'groups[value eq "x"].display',
    `${enterpriseUrn}:manager.displayName`,
    `${enterpriseUrn}:manager.$ref`,
  ].map((path) => ({
    title: `R116 row 54: ${path} is not the client's to write`,
    operations: [add(path, 'x')],
    refused: 'mutability' as const,
  })),
  {
    title: 'R116 what is computed is passed over inside a value',
    operations: [add(`${enterpriseUrn}:manager`, { value: 'm', displayName: 'Boss', $ref: '../Users/m' })],
    after: { [enterpriseUrn]: { manager: { value: 'm' } } },
    notes: ['readOnly sub-attribute dropped'],
  },
])

describeCases('replace what a client cannot change (RFC 7643 section 7)', [
  {
    title: 'R140 an immutable value stays',
    type: device,
    before: { ...router, model: 'M' },
    operations: [replace('model', 'N')],
    refused: 'mutability',
  },
  {
    title: 'R140 the same value is accepted',
    type: device,
    before: { ...router, model: 'M' },
    operations: [replace('model', 'm')],
  },
  {
    title: 'R140 an immutable value cannot be unassigned',
    type: device,
    before: { ...router, model: 'M' },
    operations: [replace('model', null)],
    refused: 'mutability',
  },
  {
    title: 'R140 an immutable sub-attribute stays when the whole is replaced',
    type: device,
    before: { ...router, owner: { badge: '1', desk: 'D' } },
    operations: [replace('owner', { desk: 'E' })],
    dialect: strict,
    refused: 'mutability',
  },
  ...['id', 'meta.created', 'groups', `${enterpriseUrn}:manager.displayName`].map((path) => ({
    title: `R140 row 54: ${path} is not the client's to write`,
    operations: [replace(path, 'x')],
    refused: 'mutability' as const,
  })),
])
