/** Memberships and links: what leads from one document to another. */
import type { IdentityDocument, MembershipDocument } from '../../store/documents.ts'
import type { DirectoryEnvironment } from '../environment.ts'
import type { Stage, Violation } from './stage.ts'

const pageSize = 500

export const memberships: Stage = async (environment, { organization }, place) => {
  const org = organization.id
  const { group = '', member = '' } = (place ?? {}) as { group?: string; member?: string }
  const page = await environment.store.memberships.find(
    org,
    { $or: [{ group, member: { $gt: member } }, { group: { $gt: group } }] },
    { sort: { group: 1, member: 1 }, limit: pageSize },
  )
  const unsourced = page
    .filter(({ sources }) => sources.length === 0)
    .map((edge) => ({ rule: 'provenance' as const, subject: nameOf(edge), detail: 'Nobody gave it.' }))
  const last = page.at(-1)
  return {
    looked: page.length,
    violations: [...unsourced, ...(await ofEnds(environment, org, page))],
    next: page.length < pageSize || last === undefined ? null : { group: last.group, member: last.member },
  }
}

/** Those that a deletion has left behind are removed soon, and are not counted. */
async function ofEnds(
  environment: DirectoryEnvironment,
  org: string,
  page: readonly MembershipDocument[],
): Promise<readonly Violation[]> {
  const { store } = environment
  const suspects = await loose(environment, org, page)
  if (suspects.length === 0) return []
  // A membership goes with its end, or soon after it: what is there still, and leads nowhere still, stays.
  const again = await store.memberships.find(org, {
    $or: suspects.map(({ group, member }) => ({ group, member })),
  })
  const left = await loose(environment, org, again)
  const gone = left.flatMap(({ group, member }) => [group, member])
  const departures = await store.departures.find(org, { _id: { $in: gone } }, { projection: { _id: 1 } })
  const swept = new Set(departures.map(({ _id }) => _id))
  return left
    .filter(({ group, member }) => !swept.has(group) && !swept.has(member))
    .map((edge) => ({ rule: 'memberships', subject: nameOf(edge), detail: 'It leads to nobody, or from nothing.' }))
}

async function loose(
  { store }: DirectoryEnvironment,
  org: string,
  edges: readonly MembershipDocument[],
): Promise<readonly MembershipDocument[]> {
  const ids = (of: (edge: MembershipDocument) => string | null) => ({
    _id: { $in: [...new Set(edges.map(of).filter((id) => id !== null))] },
  })
  const options = { projection: { _id: 1 } } as const
  const [users, groups, containers] = await Promise.all([
    store.users.find(
      org,
      ids(({ kind, member }) => (kind === 'User' ? member : null)),
      options,
    ),
    store.groups.find(
      org,
      ids(({ kind, member }) => (kind === 'Group' ? member : null)),
      options,
    ),
    store.groups.find(
      org,
      ids(({ group }) => group),
      options,
    ),
  ])
  const members = { User: idsOf(users), Group: idsOf(groups) }
  const existing = idsOf(containers)
  return edges.filter(({ group, member, kind }) => !existing.has(group) || !members[kind].has(member))
}

export const links: Stage = async (environment, { organization }, place) => {
  const { store } = environment
  const org = organization.id
  const { connection = '', issuer = '', subject = '' } = (place ?? {}) as Partial<Record<keyof Place, string>>
  const page = await store.identities.find(
    org,
    {
      $or: [
        { connection, issuer, subject: { $gt: subject } },
        { connection, issuer: { $gt: issuer } },
        { connection: { $gt: connection } },
      ],
    },
    { sort: { connection: 1, issuer: 1, subject: 1 }, limit: pageSize },
  )
  const last = page.at(-1)
  const behind = last === undefined ? [] : await store.identities.find(org, placeOf(last), { limit: pageSize })
  const persons = Map.groupBy([...page, ...behind], (link) => JSON.stringify(placeOf(link)))
  const twice = [...persons.values()].flatMap((same) => {
    const all = [...new Map(same.map((link) => [link._id, link])).values()]
    return all.slice(1).map((link) => ({
      rule: 'links' as const,
      subject: `link ${link._id}`,
      detail: `The link ${all[0]!._id} is of the same connection, issuer and subject.`,
    }))
  })
  return {
    looked: page.length,
    violations: [...twice, ...(await ofOwners(environment, org, page))],
    next: page.length < pageSize || last === undefined ? null : { ...placeOf(last) },
  }
}

type Place = Pick<IdentityDocument, 'connection' | 'issuer' | 'subject'>

function placeOf({ connection, issuer, subject }: IdentityDocument): Place {
  return { connection, issuer, subject }
}

async function ofOwners(
  environment: DirectoryEnvironment,
  org: string,
  page: readonly IdentityDocument[],
): Promise<readonly Violation[]> {
  const orphans = await orphaned(environment, org, page)
  if (orphans.length === 0) return []
  const again = await environment.store.identities.find(org, { _id: { $in: orphans.map(({ _id }) => _id) } })
  return (await orphaned(environment, org, again)).map(({ _id, user }) => ({
    rule: 'links',
    subject: `link ${_id}`,
    detail: `Its user ${user} is not there.`,
  }))
}

async function orphaned({ store }: DirectoryEnvironment, org: string, page: readonly IdentityDocument[]) {
  const ids = [...new Set(page.map(({ user }) => user))]
  const there = idsOf(await store.users.find(org, { _id: { $in: ids } }, { projection: { _id: 1 } }))
  return page.filter(({ user }) => !there.has(user))
}

function idsOf(documents: readonly { readonly _id: string }[]): ReadonlySet<string> {
  return new Set(documents.map(({ _id }) => _id))
}

function nameOf({ group, member }: MembershipDocument): string {
  return `membership of ${member} in ${group}`
}
