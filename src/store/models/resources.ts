import type { CustomResourceDocument, ResourceDocument } from '../documents/resources.ts'
import { having, type IndexTable, Mixed, type ModelDefinition, unique } from './definition.ts'

export const resourceFields = {
  _id: String,
  org: String,
  version: Number,
  revision: Number,
  created: Date,
  lastModified: Date,
  resource: Mixed,
  search: Mixed,
  externalIds: Mixed,
  keys: Mixed,
  sources: Mixed,
  form: Number,
  outline: String,
} satisfies ModelDefinition<ResourceDocument>['fields']

/** Uniqueness that a dialect or a schema document switches on. */
const reservations: IndexTable[number] = [
  { org: 1, keys: 1 },
  { ...unique, ...having('keys') },
]
const externalIdLookUp: IndexTable[number] = [{ org: 1, 'externalIds.value': 1, 'externalIds.client': 1 }]
/** Each client's externalIds in their order; a client belongs to one organization. */
const externalIdOrder: IndexTable[number] = [{ 'search.sort.externalId.of.$**': 1 }]

/** The walks that every resource type offers. */
export const resourceIndexes: IndexTable = [
  [{ org: 1, _id: 1 }],
  reservations,
  externalIdLookUp,
  [{ org: 1, 'search.sort.externalId.writers': 1, _id: 1 }],
  externalIdOrder,
  [{ org: 1, 'search.meta.lastModified': 1, _id: 1 }],
]

export const resources: ModelDefinition<CustomResourceDocument> = {
  fields: { ...resourceFields, type: String },
  indexes: [
    [{ org: 1, type: 1, _id: 1 }],
    reservations,
    externalIdLookUp,
    [{ org: 1, type: 1, 'search.sort.externalId.writers': 1, _id: 1 }],
    externalIdOrder,
    [{ org: 1, type: 1, 'search.meta.lastModified': 1, _id: 1 }],
  ],
}
