import { createHash } from 'node:crypto'
import type { OrganizationRef } from '../context.ts'
import { StoreConflict } from '../store/store.ts'
import type { OrganizationsEnvironment } from './environment.ts'

/** Milliseconds that a used assertion is remembered beyond its end: the database's clock may be ahead of ours. */
const margin = 600_000

/**
 * Whether this is the first use of an assertion with this `jti` (RFC 7523 section 3), in whichever process. It is
 * remembered for as long as the assertion could be sent again.
 */
export async function useClientAssertion(
  { store }: Pick<OrganizationsEnvironment, 'store'>,
  organization: OrganizationRef,
  clientId: string,
  assertion: { readonly jti: string; readonly expiresAt: Date },
): Promise<boolean> {
  const org = organization.id
  const key = createHash('sha256').update(JSON.stringify([org, clientId, assertion.jti]))
  const expiresAt = new Date(assertion.expiresAt.getTime() + margin)
  try {
    await store.clientAssertions.insertOne(org, { _id: key.digest('hex'), org, expiresAt })
    return true
  } catch (error) {
    if (error instanceof StoreConflict) return false
    throw error
  }
}
