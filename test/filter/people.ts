import { parseFilter } from '../../src/filter/parse.ts'
import { toPredicate } from '../../src/filter/predicate.ts'
import { resolveFilter } from '../../src/filter/resolve.ts'
import type { FilterSwitches, ResolvedFilter } from '../../src/filter/types.ts'
import { builtInDocuments, readDocuments } from '../../src/schema/documents.ts'
import { createRegistry } from '../../src/schema/registry.ts'
import type { Resource } from '../../src/schema/types.ts'

const registry = createRegistry(readDocuments([builtInDocuments]))
export const user = registry.resourceType('User')
export const group = registry.resourceType('Group')

export const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
export const core = 'urn:ietf:params:scim:schemas:core:2.0:User'

export const strict: FilterSwitches = {
  unknownFilterAttribute: 'refuse',
  bareWords: 'refuse',
  stringBooleans: 'accept',
  bareExtensionNames: 'accept',
}

export const barbara: Resource = {
  schemas: [core, enterprise],
  id: '2819c223-7f76-453a-919d-413861904646',
  externalId: 'BJensen',
  userName: 'BJensen',
  name: { givenName: 'Barbara', familyName: "O'Malley" },
  title: 'A "quoted" title',
  active: true,
  emails: [
    { value: 'bj@work.example', type: 'work', primary: true },
    { value: 'babs@home.example', type: 'home' },
  ],
  meta: {
    resourceType: 'User',
    created: '2011-05-13T02:42:34Z',
    lastModified: '2011-05-13T02:42:35.5Z',
    version: 'W/"3"',
  },
  [enterprise]: { department: 'Sales (EU)', manager: { value: '26118915-6090-4610-87e4-49d8ca9f808d' } },
}

/** A user of whom nothing but the name is known. */
export const nobody: Resource = { schemas: [core], id: '1', userName: 'straße' }

export function resolve(text: string, switches: Partial<FilterSwitches> = {}): ResolvedFilter {
  const all = { ...strict, ...switches }
  return resolveFilter(user, parseFilter(text, all), all)
}

/** Whether the filter finds the person. */
export function finds(text: string, person: Resource = barbara, switches: Partial<FilterSwitches> = {}): boolean {
  return toPredicate(resolve(text, switches))(person)
}
