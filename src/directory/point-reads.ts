/**
 * Reads of single documents by what is unique to them. Those that come at the same time are one question to the database:
 * the way there and back is most of what such a read costs. Whoever asks after a change was answered sees the change, since
 * a question that waits for its turn has not been asked yet. What is found is shared, so nobody may change it.
 */
import type {
  GroupDocument,
  IdentityDocument,
  InvitationDocument,
  MembershipDocument,
  Showable,
  Unshown,
  UserDocument,
} from '../store/documents.ts'
import type { Query, Store } from '../store/store.ts'
import { Gathering } from './gathering.ts'

/** The projection that leaves what resources are shown from: every value less is one less to be made an object of. */
export const withoutUnshown = {
  search: 0,
  sources: 0,
  org: 0,
  keys: 0,
  form: 0,
  outline: 0,
  revision: 0,
  provenEmails: 0,
} as const satisfies Readonly<Record<Unshown, 0>>

/** A user as it can be shown, with the groups that it is in directly, if they were asked for. */
export interface ShowableUser {
  readonly user: Showable<UserDocument>
  readonly groups: readonly string[]
}

/** A group, with those that it is in directly. */
export interface GroupReading {
  readonly document: GroupDocument
  readonly parents: readonly string[]
}

/** What is unique to a link. */
export type LinkKey = Pick<IdentityDocument, 'connection' | 'issuer' | 'subject'>

/** A link with everything about its user that a decision may look at. */
export interface LinkReading {
  readonly identity: IdentityDocument
  readonly user: UserDocument | null
  readonly edges: readonly MembershipDocument[]
  readonly identities: readonly IdentityDocument[]
}

type Edge = Pick<MembershipDocument, 'group'>

type FoundUser = Showable<UserDocument> & {
  readonly sought: string
  readonly edges?: readonly Edge[]
}

type FoundGroup = GroupDocument & { readonly edges: readonly Edge[] }

interface FoundLink extends IdentityDocument {
  readonly users: readonly UserDocument[]
  readonly edges: readonly MembershipDocument[]
  readonly identities: readonly IdentityDocument[]
}

export class PointReads {
  readonly #store: Store
  readonly #showable = new Gathering<string, ShowableUser | null>()
  readonly #users = new Gathering<string, UserDocument | null>()
  readonly #groups = new Gathering<string, GroupDocument | null>()
  readonly #nested = new Gathering<readonly string[], ReadonlyMap<string, GroupReading>>()
  readonly #parents = new Gathering<string, readonly string[] | null>()
  readonly #links = new Gathering<LinkKey, LinkReading | null>()
  readonly #invitations = new Gathering<string, readonly InvitationDocument[] | null>()

  constructor(store: Store) {
    this.#store = store
  }

  /** A user as it is shown, by its id or by the comparison form of its userName. */
  showable(
    org: string,
    by: '_id' | 'search.userName',
    value: string,
    { withGroups }: { readonly withGroups: boolean },
  ): Promise<ShowableUser | null> {
    return gathered(this.#showable, `${org}|${by}|${withGroups}`, value, async (values) => {
      const found = await this.#store.users.aggregate<FoundUser>(org, { [by]: oneOf(values) }, [
        { $set: { sought: `$${by}` } },
        { $project: withoutUnshown },
        ...(withGroups ? [lookUpEdges(org)] : []),
      ])
      return new Map(found.map(({ sought, edges = [], ...user }) => [sought, { user, groups: edges.map(groupOf) }]))
    })
  }

  user(org: string, id: string): Promise<UserDocument | null> {
    return gathered(this.#users, org, id, async (ids) => byId(await this.#store.users.find(org, { _id: oneOf(ids) })))
  }

  group(org: string, id: string): Promise<GroupDocument | null> {
    return gathered(this.#groups, org, id, async (ids) => byId(await this.#store.groups.find(org, { _id: oneOf(ids) })))
  }

  /** Those of some groups that exist, each with the groups that it is in directly. */
  async groups(org: string, ids: readonly string[]): Promise<ReadonlyMap<string, GroupReading>> {
    const all = await this.#nested.run(org, ids, async (lists) => {
      const found = await this.#store.groups.aggregate<FoundGroup>(org, { _id: oneOf([...new Set(lists.flat())]) }, [
        lookUpEdges(org),
      ])
      const groups = new Map(
        found.map(({ edges, ...document }) => [document._id, { document, parents: edges.map(groupOf) }]),
      )
      return lists.map(() => ({ status: 'fulfilled', value: groups }))
    })
    return new Map(
      ids.flatMap((id) => {
        const group = all.get(id)
        return group === undefined ? [] : [[id, group]]
      }),
    )
  }

  /** The groups that a resource is in directly. */
  async groupsOf(org: string, member: string): Promise<readonly string[]> {
    const found = await gathered(this.#parents, org, member, async (members) => {
      const projection = { _id: 0, group: 1, member: 1 } as const
      const edges = await this.#store.memberships.find(org, { member: oneOf(members) }, { projection })
      const groups = Map.groupBy(edges, (edge) => edge.member)
      return new Map([...groups].map(([key, own]) => [key, own.map(groupOf)]))
    })
    return found ?? []
  }

  /** A link, with what belongs to its user. */
  link(org: string, key: LinkKey): Promise<LinkReading | null> {
    const pipeline = [{ $match: { org } }]
    const keyed = (each: LinkKey) => JSON.stringify([each.connection, each.issuer, each.subject])
    return gathered(
      this.#links,
      org,
      key,
      async (keys) => {
        const rows = await this.#store.identities.aggregate<FoundLink>(org, anyOf(keys), [
          { $lookup: { from: 'users', localField: 'user', foreignField: '_id', pipeline, as: 'users' } },
          { $lookup: { from: 'memberships', localField: 'user', foreignField: 'member', pipeline, as: 'edges' } },
          { $lookup: { from: 'identities', localField: 'user', foreignField: 'user', pipeline, as: 'identities' } },
        ])
        return new Map(
          rows.map(({ users, edges, identities, ...identity }) => [
            keyed(identity),
            { identity, user: users[0] ?? null, edges, identities },
          ]),
        )
      },
      keyed,
    )
  }

  /** The invitations of an address that nobody has accepted. */
  async openInvitations(org: string, emailKey: string): Promise<readonly InvitationDocument[]> {
    const found = await gathered(this.#invitations, org, emailKey, async (keys) => {
      const open = await this.#store.invitations.find(org, { emailKey: oneOf(keys), acceptedBy: null })
      return Map.groupBy(open, (invitation) => invitation.emailKey)
    })
    return found ?? []
  }
}

/** The step of a pipeline that joins resources with the groups that they are in directly, as `edges`. */
export function lookUpEdges(org: string): Readonly<Record<string, unknown>> {
  const pipeline = [{ $match: { org } }, { $project: { _id: 0, group: 1 } }]
  return { $lookup: { from: 'memberships', localField: '_id', foreignField: 'member', pipeline, as: 'edges' } }
}

/** @param find what there is of so many items, by what `nameOf` calls them */
function gathered<Item, Found>(
  gathering: Gathering<Item, Found | null>,
  key: string,
  item: Item,
  find: (items: readonly Item[]) => Promise<ReadonlyMap<string, Found>>,
  nameOf: (item: Item) => string = String,
): Promise<Found | null> {
  return gathering.run(key, item, async (items) => {
    const distinct = new Map(items.map((each) => [nameOf(each), each]))
    const found = await find([...distinct.values()])
    return items.map((each) => ({ status: 'fulfilled', value: found.get(nameOf(each)) ?? null }))
  })
}

function groupOf({ group }: Edge): string {
  return group
}

function oneOf(values: readonly string[]): unknown {
  return values.length === 1 ? values[0] : { $in: values }
}

function anyOf(keys: readonly LinkKey[]): Query {
  const queries = keys.map(({ connection, issuer, subject }) => ({ connection, issuer, subject }))
  return queries.length === 1 ? queries[0]! : { $or: queries }
}

function byId<Document extends { readonly _id: string }>(documents: readonly Document[]): Map<string, Document> {
  return new Map(documents.map((document) => [document._id, document]))
}
