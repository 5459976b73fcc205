/** The driver calls that each operation cannot do without, on documents of the same form and size. */
import { randomUUID } from 'node:crypto'
import type mongoose from 'mongoose'
import { withoutUnshown as shown } from '../src/directory/point-reads.ts'

type Document = mongoose.mongo.Document
type Session = mongoose.mongo.ClientSession
type Body = Readonly<Record<string, string>>
type Handler = (body: Body) => Promise<unknown>

/** Documents written by the floor belong to an organization of their own, in the same collections. */
const floorOrg = 'floor'

interface Templates {
  readonly org: string
  /** What Usher answers for one user: the floor's answers have as many members. */
  readonly answer: Document
  readonly scimUser: Document
  readonly loginUser: Document
  readonly identity: Document
  readonly decision: Document
  readonly change: Document
  readonly loginChange: Document
  readonly memberChange: Document
  readonly edge: Document
}

export function floorHandlers(client: mongoose.mongo.MongoClient): Readonly<Record<string, Handler>> {
  const collection = (name: string) => client.db().collection<{ _id: string } & Document>(name)
  const users = collection('users')
  const groups = collection('groups')
  const memberships = client.db().collection('memberships')
  const identities = collection('identities')
  const decisions = collection('decisions')
  const changes = collection('changes')
  const invitations = collection('invitations')
  let templates: Templates

  const transaction = async (work: (session: Session) => Promise<void>) => {
    const session = client.startSession()
    try {
      await session.withTransaction(work, {
        readConcern: { level: 'snapshot' },
        writeConcern: { w: 'majority', j: true },
      })
    } finally {
      await session.endSession()
    }
  }
  const membershipsOf = (ids: readonly string[]) =>
    memberships
      .find(
        { org: templates.org, member: ids.length === 1 ? ids[0] : { $in: ids } },
        { projection: { _id: 0, group: 1, member: 1 } },
      )
      .toArray()
  const answered = ({ resource }: Document) => ({ ...templates.answer, ...resource })
  const edgesOf = (org: string) => {
    const pipeline = [{ $match: { org } }, { $project: { _id: 0, group: 1 } }]
    return { $lookup: { from: 'memberships', localField: '_id', foreignField: 'member', pipeline, as: 'edges' } }
  }
  const newUser = (template: Document, name: string): Document & { readonly _id: string } => ({
    ...template,
    _id: randomUUID(),
    org: floorOrg,
    search: { ...template.search, userName: name, emails: [{ value: name }] },
    externalIds: [],
    keys: undefined,
  })
  // The template may have got its number in the feed since it was made.
  const newChange = (template: Document, id: string) => ({
    ...template,
    seq: undefined,
    unnumbered: true,
    _id: randomUUID(),
    org: floorOrg,
    resource: { ...template.resource, id },
  })

  const linkOf = async (link: Document) => {
    const pipeline = [{ $match: { org: templates.org } }]
    const rows = await identities
      .aggregate([
        { $match: link },
        { $lookup: { from: 'users', localField: 'user', foreignField: '_id', pipeline, as: 'users' } },
        { $lookup: { from: 'memberships', localField: 'user', foreignField: 'member', pipeline, as: 'edges' } },
        { $lookup: { from: 'identities', localField: 'user', foreignField: 'user', pipeline, as: 'identities' } },
      ])
      .toArray()
    return rows[0]
  }
  const anyOf = (query: Document) => [
    { $match: { ...query, org: templates.org } },
    { $limit: 1 },
    { $project: { _id: 1 } },
  ]

  const firstLogin = async ({ name = '', group }: Body) => {
    const { org } = templates
    await Promise.all([
      linkOf({ org, connection: 'floor', issuer: 'floor', subject: name }),
      invitations.findOne({ org, emailKey: name }),
    ])
    const client = { $elemMatch: { value: name, client: 'floor' } }
    const namesake = { $or: [{ externalIds: client }, { 'search.emails.value': name }, { 'search.userName': name }] }
    const grave = { $or: [{ identityKeys: name }, { externalIds: client }, { emailKeys: name }] }
    const barred = { connection: 'floor', issuer: 'floor', subject: name, barred: true }
    await users
      .aggregate([
        ...anyOf(namesake),
        { $unionWith: { coll: 'tombstones', pipeline: anyOf(grave) } },
        { $unionWith: { coll: 'pastLinks', pipeline: anyOf(barred) } },
        { $unionWith: { coll: 'inbox', pipeline: anyOf({ person: name, live: true }) } },
      ])
      .toArray()
    if (group !== undefined) await groups.aggregate([{ $match: { _id: group, org } }, edgesOf(org)]).toArray()
    const user = newUser(templates.loginUser, name)
    const { _id, ...identity } = templates.identity
    await transaction(async (session) => {
      await users.insertOne(user, { session })
      await identities.insertOne(
        { ...identity, _id: randomUUID(), org: floorOrg, subject: name, user: user._id },
        { session },
      )
      const decision = { ...templates.decision, _id: randomUUID(), org: floorOrg, reference: name, tokenKey: name }
      await decisions.insertOne(decision, { session })
      const records = [newChange(templates.loginChange, user._id)]
      if (group !== undefined) {
        await memberships.insertOne({ ...templates.edge, org: floorOrg, group, member: user._id }, { session })
        records.push(newChange(templates.memberChange, group))
      }
      await changes.insertMany(records, { session })
    })
    return templates.decision.answer
  }

  return {
    /** Not measured: reads what the other handlers copy. */
    async prepare({ org = '', scimUser = '', loginUser = '', largeGroup = '', answer = '' }) {
      const edge = (await memberships.findOne({ org, group: largeGroup }, { projection: { _id: 0 } }))!
      templates = {
        org,
        answer: JSON.parse(answer) as Document,
        scimUser: (await users.findOne({ _id: scimUser }))!,
        loginUser: (await users.findOne({ _id: loginUser }))!,
        identity: (await identities.findOne({ org, user: loginUser }))!,
        decision: (await decisions.findOne({ org, user: loginUser }))!,
        change: (await changes.findOne({ org, 'resource.id': scimUser }))!,
        loginChange: (await changes.findOne({ org, 'resource.id': loginUser }))!,
        memberChange: (await changes.findOne({ org, 'resource.id': largeGroup }))!,
        edge,
      }
      return {}
    },
    async fixed() {
      return templates.answer
    },
    async read({ id = '' }) {
      const { org } = templates
      const [user] = await users.aggregate([{ $match: { _id: id, org } }, { $project: shown }, edgesOf(org)]).toArray()
      return answered(user!)
    },
    async find({ userName = '' }) {
      const found = await users
        .find({ org: templates.org, 'search.userName': userName }, { projection: shown })
        .limit(100)
        .toArray()
      await membershipsOf(found.map(({ _id }) => _id))
      return { totalResults: found.length, Resources: found.map(answered) }
    },
    async page({ after = '' }) {
      const found = await users
        .find({ org: templates.org, _id: { $gt: after } }, { projection: shown })
        .sort({ _id: 1 })
        .limit(101)
        .toArray()
      await membershipsOf(found.map(({ _id }) => _id))
      return { itemsPerPage: found.length, Resources: found.map(answered) }
    },
    async group({ group = '' }) {
      const { org } = templates
      const found = await groups.findOne({ _id: group, org })
      const edges = await memberships
        .find({ org, group }, { projection: { _id: 0, member: 1, kind: 1 } })
        .sort({ member: 1 })
        .toArray()
      const names = new Map<string, string>()
      for (let start = 0; start < edges.length; start += 1_000) {
        const ids = edges.slice(start, start + 1_000).map(({ member }) => member as string)
        const projection = { 'resource.displayName': 1 }
        for (const { _id, resource } of await users.find({ _id: { $in: ids }, org }, { projection }).toArray()) {
          names.set(_id, resource.displayName)
        }
      }
      const members = edges.map(({ member, kind }) => ({
        value: member,
        $ref: `http://127.0.0.1:8080/scim/v2/bench/Users/${member}`,
        display: names.get(member),
        type: kind,
      }))
      return { ...found!.resource, id: group, members }
    },
    async create({ name = '' }) {
      const user = newUser(templates.scimUser, name)
      await transaction(async (session) => {
        await users.insertOne(user, { session })
        await changes.insertOne(newChange(templates.change, user._id), { session })
      })
      return answered(user)
    },
    async patch({ id = '', title = '' }) {
      const [user] = await Promise.all([users.findOne({ _id: id, org: templates.org }), membershipsOf([id])])
      const { _id, org, ...fields } = user!
      const next = { ...fields, resource: { ...fields.resource, title }, version: fields.version + 1 }
      await transaction(async (session) => {
        await users.updateOne({ _id: id, org, version: fields.version }, { $set: next }, { session })
        await changes.insertOne(newChange(templates.change, id), { session })
      })
      return answered(next)
    },
    async member({ group = '', member = '' }) {
      const { org } = templates
      const [found] = await Promise.all([
        groups.findOne({ _id: group, org }),
        users.findOne({ _id: member, org }, { projection: { _id: 1 } }),
        memberships.findOne({ org, group, member }),
      ])
      await transaction(async (session) => {
        await memberships.insertOne({ ...templates.edge, org: floorOrg, group, member: randomUUID() }, { session })
        await changes.insertOne(newChange(templates.memberChange, group), { session })
      })
      await changes
        .find({ org: floorOrg, 'resource.id': group }, { projection: { _id: 1 } })
        .sort({ _id: -1 })
        .limit(64)
        .toArray()
      return found?.resource
    },
    firstLogin,
    async returning({ subject = '', connection = '', issuer = '', token = '' }) {
      const { org } = templates
      const identity = await linkOf({ org, connection, issuer, subject })
      const decision = { ...templates.decision, _id: randomUUID(), org: floorOrg, reference: token, tokenKey: token }
      await Promise.all([
        decisions.insertOne(decision),
        identities.updateOne({ _id: identity!._id, org }, { $set: { lastLogin: new Date() } }),
      ])
      return templates.decision.answer
    },
  }
}
