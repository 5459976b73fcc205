/** A resource type that documents alone describe, with every attribute type, mutability, returned and uniqueness. */
import { fileURLToPath } from 'node:url'
import type { Json } from './patching.ts'
import type { ScimClient } from './usher.ts'

/** For `USHER_SCHEMAS_DIR`; extensions of User and Group are there too. */
export const extendedSchemas = fileURLToPath(new URL('../fixtures/extended-schemas/', import.meta.url))

export const core = 'urn:example:scim:schemas:2.0:Asset'
export const lease = 'urn:example:scim:schemas:extension:lease:2.0:Asset'

export const asset = (tag: string, more: Json = {}): Json => ({ schemas: [core], tag, ...more })
export const make = (client: ScimClient, tag: string, more: Json = {}) =>
  client.must('POST', '/Assets', asset(tag, more))

/** One value for each attribute that is shown by default. */
export const shown = {
  label: 'Laptop',
  exact: 'Exact',
  count: 3,
  weight: 1.25,
  insured: true,
  boughtAt: '2026-02-01T08:00:00+02:00',
  photo: 'AAECAw==',
  manual: 'https://example.com/Manual',
  owner: '../Users/1',
  colour: ['red', 'Green'],
  serials: ['S-1', 'S-2'],
  sizes: [14, 3],
  checkedAt: ['2026-03-01T00:00:00Z', '2025-03-01T00:00:00Z'],
  inspections: [
    {
      value: 'passed',
      type: 'fire',
      primary: true,
      at: '2026-01-01T00:00:00Z',
      score: 0.5,
      by: '../Users/2',
      code: 'F1',
    },
    { value: 'failed', type: 'water', code: 'W1' },
  ],
  place: { building: 'North', floor: 2, seal: 'S', areas: ['a', 'b'] },
  origin: 'Berlin',
  stamp: 'always',
  [lease]: { contract: 'C-1', monthly: 12.5, since: 'May' },
}
/** What is written and not shown, or not by default. */
export const unshown = { passcode: 'open-xyzzy', hint: 'under the mat', hidden: 'veiled-xyzzy', audit: 'mine' }
export const secret = { place: { ...shown.place, pin: 'pin-xyzzy' }, [lease]: { ...shown[lease], key: 'key-xyzzy' } }
export const full = { ...shown, ...unshown, ...secret }
