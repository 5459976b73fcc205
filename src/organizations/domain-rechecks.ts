/** Domains change hands: a proof that is no longer there stops counting. */
import type { DomainDocument } from '../store/documents.ts'
import { holdLease } from '../store/leases.ts'
import type { OrganizationsEnvironment } from './environment.ts'
import { type Proof, readProof } from './txt-proof.ts'

const day = 24 * 3_600_000
/**
 * Milliseconds for which a proof may be missing before the domain lapses: a mistake in a zone, or name servers that are
 * away for a while, lock nobody out. Servers that never answer again do in the end: they may be somebody else's.
 */
const grace = { missing: 3 * day, different: 3 * day, unanswered: 14 * day } as const

/**
 * Looks once a day for the proof of every domain that was verified by DNS; one process at a time. A domain whose proof
 * has been gone for longer than the grace is `lapsed` until it is verified again.
 */
export async function recheckDomains(environment: OrganizationsEnvironment, clock: () => Date): Promise<void> {
  await holdLease(environment, 'domains', clock, async (renew) => {
    while (await renew()) {
      const document = await nextDue(environment, clock())
      if (document === null) return
      const proof = await readProof(environment.resolveTxt, document)
      await record(environment, document, proof, clock())
    }
  })
}

function nextDue({ store }: OrganizationsEnvironment, now: Date): Promise<DomainDocument | null> {
  return store.domains.everywhere.findOne(
    { status: 'verified', method: 'dns', checkedAt: { $lte: new Date(now.getTime() - day) } },
    { sort: { checkedAt: 1 } },
  )
}

/** What an administrator has done with the domain in the meantime stays. */
async function record(
  { store }: OrganizationsEnvironment,
  { org, _id, status, checkedAt, missingSince }: DomainDocument,
  proof: Proof,
  now: Date,
): Promise<void> {
  const since = proof === 'found' ? null : (missingSince ?? now)
  const lapsed = proof !== 'found' && since !== null && now.getTime() - since.getTime() >= grace[proof]
  const fields = { checkedAt: now, missingSince: since, ...(lapsed ? { status: 'lapsed' as const } : {}) }
  await store.domains.updateOne(org, { _id, status, checkedAt }, { $set: fields })
}
