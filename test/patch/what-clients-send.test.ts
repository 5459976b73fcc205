import { dialects } from '../../src/scim/dialects.ts'
import { enterpriseUrn } from '../schema/registry-of-tests.ts'
import { describeCases } from './patching.ts'

const replace = (path: string, value?: unknown) => ({ op: 'replace', path, ...(value === undefined ? {} : { value }) })
const strict = dialects['interop-strict']

describeCases('what clients send', [
  {
    title: 'R133 Entra: one replace with dotted and URN names',
    before: { [enterpriseUrn]: { employeeNumber: '1' } },
    operations: [
      { op: 'Replace', value: { displayName: 'A', 'name.givenName': 'B', [`${enterpriseUrn}:employeeNumber`]: '2' } },
    ],
    dialect: dialects.entra,
    after: { displayName: 'A', name: { givenName: 'B' }, [enterpriseUrn]: { employeeNumber: '2' } },
  },
  {
    title: 'Entra: roles by primary, in words',
    before: { roles: [{ value: 'x', primary: true }] },
    operations: [{ op: 'Replace', path: 'roles[primary eq "True"].value', value: 'y' }],
    dialect: dialects.entra,
    after: { roles: [{ value: 'y', primary: true }] },
  },
  {
    title: 'R257 Entra: a role as JSON text',
    operations: [{ op: 'Add', path: 'roles', value: [{ value: '{"id":"1","value":"admin","displayName":"Admin"}' }] }],
    dialect: dialects.entra,
    after: { roles: [{ value: 'admin', display: 'Admin' }] },
    notes: ['op case', 'role as JSON text'],
  },
  {
    title: 'R257 roles as texts',
    operations: [{ op: 'add', path: 'roles', value: ['admin'] }],
    after: { roles: [{ value: 'admin' }] },
    notes: ['role as text'],
  },
  {
    title: 'R257 not so in interop-strict',
    operations: [{ op: 'add', path: 'roles', value: ['admin'] }],
    dialect: strict,
    refused: 'invalid_value',
  },
  {
    title: 'Entra: the manager as a text, and removed by the empty text',
    operations: [replace(`${enterpriseUrn}:manager`, 'm')],
    after: { [enterpriseUrn]: { manager: { value: 'm' } } },
    notes: ['manager as text'],
  },
  {
    title: 'Okta: deactivates without path',
    before: { active: true },
    operations: [{ op: 'replace', value: { active: false } }],
    dialect: dialects.okta,
    after: { active: false },
  },
])
