/**
 * Filters on what is not in the document: ids, externalIds of the asking client, memberships, effective roles,
 * identities. Each such leaf is answered first, by index, and takes part in the query as a set of ids.
 */
import { externalIdClient, type RequestContext } from '../context.ts'
import { UsherError } from '../errors.ts'
import { anyOf, constant, negate } from '../filter/combine.ts'
import { literalCondition, toMongo } from '../filter/mongo.ts'
import { toElementPredicate, toPredicate } from '../filter/predicate.ts'
import { type FilterLeaf, transformLeaves } from '../filter/transform.ts'
import type { MongoQuery, ResolvedFilter } from '../filter/types.ts'
import type { Attribute, ResourceType } from '../schema/types.ts'
import { referringTo } from './called.ts'
import { enterpriseUrn, managerKey } from './compose.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { numberChanges } from './feed.ts'
import { groupInVersion } from './group-version.ts'
import { idLimit, refuseTooMany } from './id-limit.ts'
import { roleCatalogue } from './roles.ts'

/** The query on documents that a filter means for this caller. @throws UsherError `too_many`, `invalid_filter` */
export async function compileFilter(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  filter: ResolvedFilter | null,
): Promise<MongoQuery> {
  return filter === null ? {} : toMongo(await answerFilter(environment, context, type, filter))
}

/** A filter with everything that is not in the documents answered. @throws UsherError `too_many`, `invalid_filter` */
export function answerFilter(
  environment: DirectoryEnvironment,
  context: RequestContext,
  type: ResourceType,
  filter: ResolvedFilter,
): Promise<ResolvedFilter> {
  return transformLeaves(filter, (leaf) => answer(environment, context, type, leaf))
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
  if (name === 'meta' && leaf.kind !== 'valuePath') {
    const part = leaf.target.subAttribute?.name
    if (part === 'resourceType') return constant(toPredicate(leaf)({ meta: { resourceType: type.name } }))
    if (part === 'location') return resourcesAt(context, type, leaf)
    if (part === 'version' && type.name === 'Group') return groupsInVersion(environment, context, leaf)
    // Documents of groups hear of their members' changes when those get numbers.
    if (part === 'lastModified' && type.name === 'Group') await numberChanges(environment, context.organization.id)
  }
  if (type.name === 'Group' && name === 'members') return groupsWithMembers(environment, context, leaf)
  if (type.name !== 'User') return undefined
  if (name === 'groups') return usersInGroups(environment, context, leaf)
  if (name === 'roles') return usersWithRoles(environment, context, leaf)
  if (name === `${enterpriseUrn}:manager` && leaf.kind !== 'valuePath') {
    if (leaf.target.subAttribute?.name !== 'displayName') return undefined
    if (leaf.kind === 'present') return query({ [managerKey]: { $exists: true } })
    return referringTo(environment, context, 'users', managerKey, leaf)
  }
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

/**
 * Where a resource is follows from its id.
 * @throws UsherError `invalid_filter` for an operator that says nothing about an address
 */
function resourcesAt(
  context: RequestContext,
  type: ResourceType,
  leaf: Exclude<FilterLeaf, { readonly kind: 'valuePath' }>,
): ResolvedFilter {
  if (leaf.kind === 'present') return constant(true)
  if (leaf.operator !== 'eq' && leaf.operator !== 'ne') {
    throw new UsherError('invalid_filter', '"meta.location" can be compared by eq and ne only.')
  }
  const base = `${context.baseUrl}${type.endpoint}/`
  const location = String(leaf.value)
  const found = location.startsWith(base) ? query({ _id: location.slice(base.length) }) : constant(false)
  return leaf.operator === 'eq' ? found : negate(found)
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
  const asked = await transformLeaves(leaf.kind === 'valuePath' ? leaf.filter : leaf, async (condition) => {
    if (condition.kind === 'valuePath' || condition.target.subAttribute?.name !== 'display') return undefined
    return referringTo(environment, context, 'users and groups', 'member', condition)
  })
  const edges = await environment.store.memberships.aggregate<{ _id: string }>(
    context.organization.id,
    elementQuery(asked, { value: 'member', type: 'kind' }),
    [{ $group: { _id: '$group' } }, { $limit: idLimit + 1 }],
    // Who leaves many groups at once is in all of them or in none.
    { moment: 'one' },
  )
  return idSet(edges.map(({ _id }) => _id))
}

/**
 * The version of a group follows from its members and is nowhere stored; but it says of which group it is.
 * @throws UsherError `invalid_filter` for an operator that says nothing about a version
 */
async function groupsInVersion(
  environment: DirectoryEnvironment,
  context: RequestContext,
  leaf: Exclude<FilterLeaf, { readonly kind: 'valuePath' }>,
): Promise<ResolvedFilter> {
  if (leaf.kind === 'present') return constant(true)
  const { operator, value } = leaf
  if (operator !== 'eq' && operator !== 'ne') {
    throw new UsherError('invalid_filter', 'The "meta.version" of a Group can be compared by eq and ne only.')
  }
  const id = await groupInVersion(environment, context.organization.id, String(value))
  const found = id === null ? constant(false) : query({ _id: id })
  return operator === 'eq' ? found : negate(found)
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

function query(value: MongoQuery): ResolvedFilter {
  return { kind: 'query', query: value }
}

function renamed(compiled: MongoQuery, from: string, to: string): MongoQuery {
  return Object.fromEntries(Object.entries(compiled).map(([key, value]) => [key === from ? to : key, value]))
}
