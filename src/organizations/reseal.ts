/** Seals every stored secret anew with the key that seals now, so that an older key can be taken out of the settings. */
import { UsherError } from '../errors.ts'
import type { OrganizationsEnvironment } from './environment.ts'

/** What one call has come to; another one goes on behind `nextCursor`. */
export interface Resealed {
  readonly resealed: number
  /** Secrets that the present key has sealed already. */
  readonly present: number
  /** Those that no known key opens. */
  readonly unreadable: readonly { readonly organization: string; readonly connection: string }[]
  readonly nextCursor: string | null
}

/** Connections that one call looks through, and those that are read at a time. */
const effort = 2_000
const batch = 200

/**
 * Connections that are being deleted are passed over by no means: their secret is there as long as they are. A secret
 * that somebody sets at the same moment stays as it was set, by whichever key.
 */
export async function resealSecrets(
  { store, sealing }: Pick<OrganizationsEnvironment, 'store' | 'sealing'>,
  cursor: string | undefined,
): Promise<Resealed> {
  const { connections } = store
  const unreadable: { organization: string; connection: string }[] = []
  let resealed = 0
  let present = 0
  let after = cursor ?? ''
  for (let seen = 0; seen < effort; seen += batch) {
    const found = await connections.everywhere.find(
      { _id: { $gt: after } },
      { sort: { _id: 1 }, limit: batch, projection: { org: 1, clientSecret: 1 } },
    )
    for (const { _id, org, clientSecret } of found) {
      if (clientSecret === null) continue
      if (sealing.isPresent(clientSecret)) {
        present += 1
        continue
      }
      const secret = openOrNull(() => sealing.open(clientSecret, _id))
      if (secret === null) {
        const organization = await store.organizations.findOne({ _id: org }, { projection: { slug: 1 } })
        unreadable.push({ organization: organization?.slug ?? org, connection: _id })
        continue
      }
      const fresh = { $set: { clientSecret: sealing.seal(secret, _id) } }
      if (await connections.updateOne(org, { _id, clientSecret }, fresh)) resealed += 1
    }
    if (found.length < batch) return { resealed, present, unreadable, nextCursor: null }
    after = found.at(-1)!._id
  }
  return { resealed, present, unreadable, nextCursor: after }
}

function openOrNull(open: () => string): string | null {
  try {
    return open()
  } catch (error) {
    if (!(error instanceof UsherError)) throw error
    return null
  }
}
