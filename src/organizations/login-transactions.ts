import { createHash } from 'node:crypto'
import type { OrganizationRef } from '../context.ts'
import type { OrganizationsEnvironment } from './environment.ts'
import type { LoginTransaction, Organizations } from './types.ts'

/** Milliseconds that a person has to sign in at the identity provider. */
const lifetime = 10 * 60_000

/** Keeps what the callback needs. State and cookie are kept as hashes: a copy of the database starts no login. */
export async function saveLoginTransaction(
  { store }: OrganizationsEnvironment,
  organization: OrganizationRef,
  input: Parameters<Organizations['saveLoginTransaction']>[1],
): Promise<void> {
  await store.loginTransactions.insertOne(organization.id, {
    _id: hash(input.state),
    org: organization.id,
    connection: input.connection,
    nonce: input.nonce,
    verifier: input.verifier,
    returnTo: input.returnTo,
    browser: hash(input.browser),
    maxAge: input.maxAge,
    expiresAt: new Date(input.now.getTime() + lifetime),
  })
}

/**
 * The transaction of this state, for exactly one caller. One that comes from another browser or for another connection
 * does not use it up: whoever has learned the state alone cannot spoil the login.
 */
export async function takeLoginTransaction(
  { store }: OrganizationsEnvironment,
  organization: OrganizationRef,
  input: Parameters<Organizations['takeLoginTransaction']>[1],
): Promise<LoginTransaction | null> {
  const taken = await store.loginTransactions.findOneAndDelete(organization.id, {
    _id: hash(input.state),
    connection: input.connection,
    browser: hash(input.browser),
  })
  if (taken === null || taken.expiresAt <= input.now) return null
  const { connection, nonce, verifier, returnTo, maxAge } = taken
  return { connection, nonce, verifier, returnTo, maxAge }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
