/**
 * What reading, storing and showing one user costs in CPU time, against JSON.parse of the same body in the same run.
 *
 * node bench/schema.ts
 */
import { builtInDocuments, readDocuments } from '../src/schema/documents.ts'
import { normalise } from '../src/schema/normalise.ts'
import { createProjection, project } from '../src/schema/projection.ts'
import { createRegistry } from '../src/schema/registry.ts'
import { toSearchForm } from '../src/schema/search-form.ts'
import { dialects } from '../src/scim/dialects.ts'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const body = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', enterprise],
  externalId: '00u1a2b3c4d5e6f7g8h9',
  userName: 'barbara.jensen@example.com',
  name: { formatted: 'Ms. Barbara J Jensen', familyName: 'Jensen', givenName: 'Barbara', middleName: 'Jane' },
  displayName: 'Babs Jensen',
  nickName: 'Babs',
  profileUrl: 'https://example.com/people/bjensen',
  title: 'Tour Guide',
  userType: 'Employee',
  preferredLanguage: 'en-US',
  locale: 'en-US',
  timezone: 'America/Los_Angeles',
  active: true,
  emails: [
    { value: 'barbara.jensen@example.com', type: 'work', primary: true },
    { value: 'babs@jensen.example', type: 'home' },
  ],
  phoneNumbers: [
    { value: 'tel:+1-555-555-5555', type: 'work' },
    { value: 'tel:+1-555-555-4444', type: 'mobile' },
  ],
  photos: [{ value: 'https://photos.example.com/bjensen.png', type: 'photo' }],
  addresses: [
    {
      type: 'work',
      streetAddress: '100 Universal City Plaza',
      locality: 'Hollywood',
      region: 'CA',
      postalCode: '91608',
      country: 'US',
    },
  ],
  roles: [{ value: 'member' }],
  [enterprise]: {
    employeeNumber: '701984',
    costCenter: '4130',
    organization: 'Universal Studios',
    division: 'Theme Park',
    department: 'Tour Operations',
    manager: { value: '26118915-6090-4610-87e4-49d8ca9f808d' },
  },
}

const rounds = 30_000
const type = createRegistry(readDocuments([builtInDocuments])).resourceType('User')
const options = { switches: dialects.rfc, note: () => {} }
const resource = normalise(type, body, options)
const shown = {
  ...resource,
  schemas: body.schemas,
  id: '2819c223-7f76-453a-919d-413861904646',
  meta: { resourceType: 'User', created: '2026-01-31T09:30:00.000Z', version: 'W/"1"' },
}
const whole = createProjection(type)
const text = JSON.stringify(body)

report('JSON.parse (the floor)', () => JSON.parse(text))
report('normalise', () => normalise(type, body, options))
report('toSearchForm', () => toSearchForm(type, resource))
report('project', () => project(whole, shown))
report('createProjection and project', () =>
  project(createProjection(type, { attributes: ['userName', 'emails.value'] }), shown),
)

function report(name: string, run: () => unknown): void {
  for (let round = 0; round < rounds / 3; round += 1) run()
  const start = process.cpuUsage()
  for (let round = 0; round < rounds; round += 1) run()
  const { user, system } = process.cpuUsage(start)
  console.log(`${name.padEnd(30)} ${((user + system) / rounds).toFixed(2).padStart(8)} µs a user`)
}
