/** Links whose time is over admit nobody any more; here they are put away. */
import type { OrganizationRef } from '../context.ts'
import { holdLease } from '../store/leases.ts'
import type { OrganizationsEnvironment } from './environment.ts'
import { organizationRef } from './organizations.ts'

/** The directory's part: closes one link, with its place in the history and its record. */
export type CloseLink = (organization: OrganizationRef, link: string, now: Date) => Promise<void>

const batch = 100

/** Closes every link whose time is over; one process at a time. */
export async function closeEndedLinks(
  environment: OrganizationsEnvironment,
  close: CloseLink,
  clock: () => Date,
): Promise<void> {
  const { identities, organizations } = environment.store
  const due = () =>
    identities.everywhere.find(
      { 'ending.until': { $lte: clock() } },
      { sort: { 'ending.until': 1 }, limit: batch, projection: { org: 1 } },
    )
  if ((await due()).length === 0) return
  await holdLease(environment, 'ended-links', clock, async (renew) => {
    for (let links = await due(); links.length > 0; links = await due()) {
      for (const { _id, org } of links) {
        if (!(await renew())) return
        const organization = await organizations.findOne({ _id: org })
        if (organization === null) await identities.deleteOne(org, { _id })
        else await close(organizationRef(organization), _id, clock())
      }
    }
  })
}
