import type { ScimClientDocument } from '../store/documents.ts'
import type { Store } from '../store/store.ts'
import { notFound } from './refusals.ts'

/** A SCIM client of the organization. @throws UsherError `not_found` */
export async function findScimClient(
  { scimClients }: Pick<Store, 'scimClients'>,
  org: string,
  id: string,
): Promise<ScimClientDocument> {
  const found = await scimClients.findOne(org, { _id: id })
  if (found === null) throw notFound('SCIM client')
  return found
}
