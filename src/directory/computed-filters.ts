/**
 * Filters on what is not in the document: ids, externalIds of the asking client, memberships, effective roles,
 * identities. Each such leaf is answered first, by index, and takes part in the query as a set of ids.
 */
import { externalIdClient, type RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { anyOf, constant, negate } from '../filter/combine.ts'
import { literalCondition, toMongo } from '../filter/mongo.ts'
import { toElementPredicate } from '../filter/predicate.ts'
import { type FilterLeaf, transformLeaves } from '../filter/transform.ts'
import type { MongoQuery, ResolvedFilter } from '../filter/types.ts'
import type { Attribute, ResourceType } from '../schema/types.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { roleCatalogue } from './roles.ts'

/** Ids that one leaf may stand for. */
const idLimit = 10_000

/** The query on documents that a filter means for this caller. @throws UsherError `too_many`, `invalid_filter` */
export async function compileFilter(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  filter: ResolvedFilter | null,
): Promise<MongoQuery> {
  if (filter === null) return {}
  return toMongo(await transformLeaves(filter, (leaf) => answer(environment, context, type, leaf)))
}

async function answer(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  leaf: FilterLeaf,
): Promise<ResolvedFilter | undefined> {
  if (leaf.kind === 'compare' && leaf.value === null) {
    // Nobody is among those who have a value by one of several sources: "eq null" is what is left of "pr".
    const present = await answer(environment, context, type, { kind: 'present', target: leaf.target })
    return present !== undefined && leaf.operator === 'eq' ? negate(present) : present
  }
  const attribute = leaf.kind === 'valuePath' ? leaf.attribute : leaf.target.attribute
  const name = attribute.extension === undefined ? attribute.name : attribute.path
  if (name === 'id') return query(renamed(toMongo(leaf), 'search.id', '_id'))
  if (name === 'externalId') return query(externalIdQuery(context, leaf))
  if (type.name === 'Group' && name === 'members') return groupsWithMembers(environment, context, leaf)
  if (type.name !== 'User') return undefined
  if (name === 'groups') return usersInGroups(environment, context, leaf)
  if (name === 'roles') return usersWithRoles(environment, context, leaf)
  if (attribute.extension === undefined || !attribute.schema.startsWith('urn:usher:')) return undefined
  if (attribute.name === 'state')
    return query(renamed(toMongo(leaf), `search.${attribute.searchKeys.join('.')}`, 'state'))
  if (attribute.name === 'identities')
    return usersWithIdentities(environment, context, elementQuery(leaf, identityFields))
  if (attribute.name === 'lastLogin') {
    return usersWithIdentities(environment, context, elementQuery(leaf, { lastLogin: 'lastLogin' }))
  }
  return undefined
}

/** A SCIM client asks for its own externalId, everybody else for the one that was written last. */
function externalIdQuery(context: RequestContext, leaf: FilterLeaf): MongoQuery {
  const compiled = toMongo(leaf)
  const exact = leaf.kind === 'compare' && leaf.operator === 'eq' && typeof leaf.value === 'string'
  if (externalIdClient(context) === undefined) {
    return exact ? { $and: [{ 'externalIds.value': leaf.value }, compiled] } : compiled
  }
  const own = { client: context.source }
  if (leaf.kind === 'present') return { externalIds: { $elemMatch: own } }
  if (leaf.kind !== 'compare' || leaf.value === null) return compiled
  const condition = { ...own, value: literalCondition(leaf.operator, leaf.value) }
  if (leaf.operator !== 'ne') return { externalIds: { $elemMatch: condition } }
  return { externalIds: { $not: { $elemMatch: { ...own, value: leaf.value } } } }
}

async function groupsWithMembers(
  environment: DirectoryEnvironment,
  context: RequestContext,
  leaf: FilterLeaf,
): Promise<ResolvedFilter> {
  const edges = await environment.store.memberships.aggregate<{ _id: string }>(
    context.organization.id,
    elementQuery(leaf, { value: 'member', type: 'kind' }),
    [{ $group: { _id: '$group' } }, { $limit: idLimit + 1 }],
  )
  return idSet(edges.map(({ _id }) => _id))
}

async function usersInGroups(
  environment: DirectoryEnvironment,
  context: RequestContext,
  leaf: FilterLeaf,
): Promise<ResolvedFilter> {
  const fields = { value: '_id', display: 'search.displayName' }
  const groups = await environment.store.groups.find(context.organization.id, elementQuery(leaf, fields), {
    projection: { _id: 1 },
    limit: idLimit + 1,
  })
  return idSet(await usersWithin(environment, context, refuseTooMany(groups.map(({ _id }) => _id))))
}

/** Direct grants are in the comparison form; the default role and the roles of groups are added to them. */
async function usersWithRoles(
  environment: DirectoryEnvironment,
  context: RequestContext,
  leaf: FilterLeaf,
): Promise<ResolvedFilter> {
  const matches = rolePredicate(leaf)
  const catalogue = (await roleCatalogue(environment, context)).filter((role) =>
    matches({ value: role.name, display: role.displayName }),
  )
  if (catalogue.some(({ name }) => name === context.organization.defaultRole)) return constant(true)
  const groups = [...new Set(catalogue.flatMap(({ groups: ids }) => ids))]
  const names = catalogue.map(({ name }) => name)
  const granted = names.length === 0 ? constant(false) : query({ 'grants.role': { $in: names } })
  if (groups.length === 0) return anyOf([leaf, granted])
  return anyOf([leaf, granted, idSet(await usersWithin(environment, context, groups))])
}

function rolePredicate(leaf: FilterLeaf): (role: { readonly value: string; readonly display: string }) => boolean {
  if (leaf.kind === 'valuePath') return toElementPredicate(leaf.filter)
  const { target } = leaf
  if (target.subAttribute === undefined) return () => leaf.kind === 'present'
  return toElementPredicate(leaf)
}

async function usersWithIdentities(
  environment: DirectoryEnvironment,
  context: RequestContext,
  identities: MongoQuery,
): Promise<ResolvedFilter> {
  const found = await environment.store.identities.find(context.organization.id, identities, {
    projection: { _id: 0, user: 1 },
    limit: idLimit + 1,
  })
  return idSet(found.map(({ user }) => user))
}

/** Users in these groups and in the groups inside them. */
async function usersWithin(
  environment: DirectoryEnvironment,
  context: RequestContext,
  groups: readonly string[],
): Promise<readonly string[]> {
  const users = new Set<string>()
  const visited = new Set(groups)
  let frontier = [...groups]
  while (frontier.length > 0) {
    const edges = await environment.store.memberships.find(
      context.organization.id,
      { group: { $in: frontier } },
      { projection: { _id: 0, member: 1, kind: 1 }, limit: idLimit + 1 },
    )
    refuseTooMany(edges)
    frontier = []
    for (const { member, kind } of edges) {
      if (kind === 'User') users.add(member)
      else if (!visited.has(member)) {
        visited.add(member)
        frontier.push(member)
      }
    }
  }
  return [...users]
}

const identityFields = {
  connection: 'connection',
  issuer: 'issuer',
  subject: 'subject',
  linkedAt: 'linkedAt',
  value: 'subject',
}

/** A leaf about elements of a computed attribute as a query on the documents that the elements are made from. */
function elementQuery(leaf: ResolvedFilter, fields: Readonly<Record<string, string>>): MongoQuery {
  switch (leaf.kind) {
    case 'and':
      return { $and: leaf.terms.map((term) => elementQuery(term, fields)) }
    case 'or':
      return { $or: leaf.terms.map((term) => elementQuery(term, fields)) }
    case 'not':
      return { $nor: [elementQuery(leaf.term, fields)] }
    case 'constant':
      return leaf.value ? {} : { _id: { $in: [] } }
    case 'valuePath':
      return elementQuery(leaf.filter, fields)
    case 'query':
      return leaf.query
    case 'present': {
      const { subAttribute, attribute } = leaf.target
      return subAttribute === undefined && attribute.multiValued
        ? {}
        : { [fieldOf(leaf.target, fields)]: { $ne: null } }
    }
    case 'compare': {
      const field = fieldOf(leaf.target, fields)
      if (leaf.value === null) return leaf.operator === 'eq' ? { [field]: null } : { [field]: { $ne: null } }
      return { [field]: literalCondition(leaf.operator, valueFor(field, leaf.value)) }
    }
  }
}

/** What a membership is of is stored as it is shown, `User` or `Group`; literals arrive folded. */
function valueFor(field: string, value: string | number | boolean | Date): string | number | boolean | Date {
  if (field !== 'kind' || typeof value !== 'string') return value
  return value.charAt(0).toUpperCase() + value.slice(1).toLowerCase()
}

function fieldOf(
  target: { readonly attribute: Attribute; readonly subAttribute: Attribute | undefined },
  fields: Readonly<Record<string, string>>,
): string {
  const name = (target.subAttribute ?? target.attribute).name
  const field = Object.hasOwn(fields, name) ? fields[name] : fields.value
  if (field === undefined || (!Object.hasOwn(fields, name) && target.subAttribute !== undefined)) {
    throw new UsherError('invalid_filter', `"${target.attribute.path}" cannot be filtered by "${name}".`)
  }
  return field
}

function idSet(ids: readonly string[]): ResolvedFilter {
  return query({ _id: { $in: [...new Set(refuseTooMany(ids))] } })
}

function refuseTooMany<T>(found: readonly T[]): readonly T[] {
  if (found.length <= idLimit) return found
  throw new UsherError('too_many', 'The filter is about too many members at once. Narrow it.')
}

function query(value: MongoQuery): ResolvedFilter {
  return { kind: 'query', query: value }
}

function renamed(compiled: MongoQuery, from: string, to: string): MongoQuery {
  return Object.fromEntries(Object.entries(compiled).map(([key, value]) => [key === from ? to : key, value]))
}
