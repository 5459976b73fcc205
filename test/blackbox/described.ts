/** What schemas describe, and whether what is shown is among it (RFC 7643 section 7). */
import assert from 'node:assert/strict'
import { user } from './usher.ts'

export interface Attribute {
  readonly name: string
  readonly type: string
  readonly subAttributes?: readonly Attribute[]
  readonly [member: string]: unknown
}

/** Visits attributes and their sub-attributes, each with its path. */
export function reach(attributes: readonly Attribute[], visit: (one: Attribute, path: string) => void, above = '') {
  for (const one of attributes) {
    visit(one, above + one.name)
    reach(one.subAttributes ?? [], visit, `${above}${one.name}.`)
  }
}

/** The paths that each schema describes, by its URN. */
export function describedPaths(
  schemas: readonly { readonly id: string; readonly attributes: readonly Attribute[] }[],
): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    schemas.map(({ id, attributes }) => {
      const paths = new Set<string>()
      reach(attributes, (_one, path) => paths.add(path))
      return [id, paths]
    }),
  )
}

/** Checks that every member of a value, and of what is in it, is described. */
export function checkDescribed(value: unknown, paths: ReadonlySet<string>, above = ''): void {
  for (const element of Array.isArray(value) ? value : [value]) {
    if (typeof element !== 'object' || element === null) continue
    for (const [name, inner] of Object.entries(element)) {
      assert.ok(paths.has(above + name), `${above}${name} is not described`)
      checkDescribed(inner, paths, `${above}${name}.`)
    }
  }
}

const many = [{ value: 'a', display: 'A', type: 'work', primary: true }]
/** A user with a value for everything that a client can set. */
export const fullUser = user('ann@example.com', {
  externalId: 'ann-1',
  name: { formatted: 'Ann Lee', familyName: 'Lee', givenName: 'Ann', middleName: 'B', honorificPrefix: 'Dr' },
  displayName: 'Ann',
  nickName: 'Annie',
  profileUrl: 'https://example.com/ann',
  title: 'Engineer',
  userType: 'Employee',
  preferredLanguage: 'en-GB',
  locale: 'en_GB',
  timezone: 'Europe/Brussels',
  emails: [{ ...many[0], value: 'ann@example.com' }],
  phoneNumbers: many,
  ims: many,
  photos: [{ ...many[0], value: 'https://example.com/ann.png' }],
  addresses: [{ type: 'work', streetAddress: 'A 1', locality: 'Ghent', country: 'BE', primary: true }],
  entitlements: many,
  roles: [{ value: 'member', type: 'work', primary: true }],
  x509Certificates: [{ ...many[0], value: 'MIIBIjAN' }],
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': {
    employeeNumber: '7',
    costCenter: 'C',
    organization: 'O',
    division: 'D',
    department: 'P',
    manager: { value: 'somebody' },
  },
})
