import type { OrganizationRef } from '../context.ts'
import { UsherError } from '../errors.ts'
import type { Connection } from '../organizations/types.ts'
import type { LoginEnvironment } from './environment.ts'

/**
 * The connection that a login's address names. An unknown organization and an unknown connection look the same.
 *
 * @throws UsherError `not_found`
 */
export async function findConnection(
  environment: Pick<LoginEnvironment, 'organizations'>,
  slug: string,
  id: string,
): Promise<{
  readonly organization: OrganizationRef & { readonly returnUrls: readonly string[] }
  readonly connection: Connection
}> {
  const organization = await environment.organizations.bySlug(slug)
  if (!organization) throw new UsherError('not_found', 'There is no such connection.')
  return { organization, connection: await environment.organizations.connection(organization, id) }
}
