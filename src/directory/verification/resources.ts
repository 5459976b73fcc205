/** Users, groups and resources of further types, each by itself. */
import { leaves } from '../../schema/leaves.ts'
import type { ResourceType } from '../../schema/types.ts'
import type { CustomResourceDocument, ResourceDocument, UserDocument } from '../../store/documents.ts'
import { canonicalJson } from '../canonical-json.ts'
import type { DirectoryEnvironment } from '../environment.ts'
import { composedAnew, isKeyed } from '../rekey.ts'
import { fromStored } from '../stored-form.ts'
import type { Stage, Violation } from './stage.ts'

const pageSize = 200

/** What is derived from the rest of a document. */
const derived = ['search', 'keys', 'state', 'managedBy'] as const

export const users: Stage = async (environment, { organization }, place) => {
  const page = await readPage(environment.store.users, organization.id, place)
  const all = page.flatMap((user) => ofResource(environment.userType, user))
  const grants = page.flatMap(ofGrants)
  const names = await ofUserNames(environment, organization.id, page)
  const unrecorded = await ofRecords(environment, organization.id, 'users', page)
  return look(page, [...all, ...grants, ...names, ...unrecorded])
}

export const groups: Stage = async (environment, { organization }, place) => {
  const page = await readPage(environment.store.groups, organization.id, place)
  const unrecorded = await ofRecords(environment, organization.id, 'groups', page)
  return look(page, [...page.flatMap((group) => ofResource(environment.groupType, group)), ...unrecorded])
}

export const resources: Stage = async (environment, { organization }, place) => {
  const page = await readPage(environment.store.resources, organization.id, place)
  const types = new Map(environment.registry.resourceTypes.map((type) => [type.name, type]))
  const found = page.flatMap((document) => {
    const type = types.get(document.type)
    return type === undefined ? [] : ofResource(type, document)
  })
  return look(page, [...found, ...(await ofRecords(environment, organization.id, 'resources', page))])
}

interface Pages<Document> {
  find(org: string, query: object, options: object): Promise<readonly Document[]>
}

function readPage<Document>(collection: Pages<Document>, org: string, place: object | null) {
  const after = place === null ? '' : String((place as { after?: unknown }).after)
  return collection.find(org, { _id: { $gt: after } }, { sort: { _id: 1 }, limit: pageSize })
}

function look(page: readonly ResourceDocument[], violations: readonly Violation[]) {
  const next = page.length < pageSize ? null : { after: page.at(-1)!._id }
  return { looked: page.length, violations, next }
}

function ofResource(type: ResourceType, document: ResourceDocument): readonly Violation[] {
  const subject = `${type.name} ${document._id}`
  if (!isKeyed(type, document)) {
    const detail = 'It is kept in the form of an earlier release or of other schemas.'
    return [{ rule: 'comparison_form', subject, detail }]
  }
  const composed = composedAnew(type, document) as Partial<UserDocument>
  const stored = document as Partial<UserDocument>
  const wrong = derived.filter((field) => canonicalJson(composed[field]) !== canonicalJson(stored[field]))
  const detail = `Not what comes of the values that it holds: ${wrong.join(', ')}.`
  const forms: readonly Violation[] = wrong.length === 0 ? [] : [{ rule: 'comparison_form', subject, detail }]
  return [...forms, ...ofSources(type, document, subject)]
}

/** Every leaf has one source, and no source is of a leaf that is not there. */
function ofSources(type: ResourceType, document: ResourceDocument, subject: string): readonly Violation[] {
  const there = leaves(type, fromStored(type, document.resource))
  const paths = document.sources.map(({ path }) => path)
  const known = new Set(paths)
  return [
    ...[...there.keys()].filter((path) => !known.has(path)).map((path) => `Nobody gave "${path}".`),
    ...[...known].filter((path) => !there.has(path)).map((path) => `"${path}" has a source and no value.`),
    ...(known.size < paths.length ? ['An attribute has two entries of its source.'] : []),
  ].map((detail) => ({ rule: 'provenance', subject, detail }))
}

function ofGrants({ _id, grants }: UserDocument): readonly Violation[] {
  const subject = `User ${_id}`
  const roles = new Set(grants.map(({ role }) => role))
  return [
    ...grants.filter(({ sources }) => sources.length === 0).map(({ role }) => `Nobody gave the role "${role}".`),
    ...(roles.size < grants.length ? ['A role is granted twice.'] : []),
  ].map((detail) => ({ rule: 'provenance', subject, detail }))
}

/** Told at the user that comes first. */
async function ofUserNames(
  { store, userType }: DirectoryEnvironment,
  org: string,
  page: readonly UserDocument[],
): Promise<readonly Violation[]> {
  const names = new Map(page.map((user) => [user._id, composedAnew(userType, user).search.userName]))
  const found = await store.users.find(
    org,
    { 'search.userName': { $in: [...new Set([...names.values(), ...page.map(({ search }) => search.userName)])] } },
    { projection: { 'search.userName': 1 } },
  )
  const byName = Map.groupBy(found, ({ search }) => search.userName)
  return page.flatMap(({ _id }) => {
    const others = (byName.get(names.get(_id)) ?? []).filter((other) => other._id > _id)
    return others.map((other) => ({
      rule: 'user_names' as const,
      subject: `User ${_id}`,
      detail: `The user ${other._id} has the same userName.`,
    }))
  })
}

/** Whoever is there has been made, unless the record of it is kept no longer. */
async function ofRecords(
  { store }: DirectoryEnvironment,
  org: string,
  kind: 'users' | 'groups' | 'resources',
  page: readonly ResourceDocument[],
): Promise<readonly Violation[]> {
  const organization = await store.organizations.findOne({ _id: org }, { projection: { changesRemovedTo: 1 } })
  if (page.length === 0 || organization?.changesRemovedTo !== undefined) return []
  const pipeline = [{ $match: { org } }, { $limit: 1 }, { $project: { _id: 1 } }]
  const unrecorded = await store[kind].aggregate<{ readonly _id: string; readonly type?: string }>(
    org,
    { _id: { $in: page.map(({ _id }) => _id) } },
    [
      { $project: { type: 1 } },
      { $lookup: { from: 'changes', localField: '_id', foreignField: 'resource.id', pipeline, as: 'records' } },
      { $match: { records: { $size: 0 } } },
    ],
  )
  const names = { users: 'User', groups: 'Group' } as const
  return unrecorded.map(({ _id, type }) => ({
    rule: 'versions',
    subject: `${kind === 'resources' ? (type as CustomResourceDocument['type']) : names[kind]} ${_id}`,
    detail: 'No change record tells of it.',
  }))
}
