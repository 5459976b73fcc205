/** Users and groups by what they are called where others refer to them: by displayName, a user without by userName. */
import type { RequestContext } from '../context.ts'
import { constant, negate } from '../filter/combine.ts'
import { literalCondition } from '../filter/mongo.ts'
import type { FilterLeaf } from '../filter/transform.ts'
import type { MongoQuery, ResolvedFilter } from '../filter/types.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { idLimit, refuseTooMany } from './id-limit.ts'

/**
 * A condition on what somebody is called, as one on the field that refers to them. Everybody is called something.
 * @param field where the id is that refers to them
 * @throws UsherError `too_many`
 */
export async function referringTo(
  environment: DirectoryEnvironment,
  context: RequestContext,
  kinds: 'users' | 'users and groups',
  field: string,
  condition: Exclude<FilterLeaf, { readonly kind: 'valuePath' }>,
): Promise<ResolvedFilter> {
  if (condition.kind === 'present') return constant(true)
  const { operator, value } = condition
  if (value === null) return constant(operator === 'ne')
  // To differ from a name is not to be among those who have it: these are few.
  const asked = operator === 'ne' ? 'eq' : operator
  const name = literalCondition(asked, value)
  const ids = [
    ...(await idsOf(environment.store.users, context, calledUser(name))),
    ...(kinds === 'users' ? [] : await idsOf(environment.store.groups, context, { 'search.displayName': name })),
  ]
  const referring: ResolvedFilter = { kind: 'query', query: { [field]: { $in: refuseTooMany(ids) } } }
  return operator === 'ne' ? negate(referring) : referring
}

function calledUser(name: object): MongoQuery {
  return {
    $or: [{ 'search.displayName': name }, { 'search.displayName': { $exists: false }, 'search.userName': name }],
  }
}

interface Findable {
  find(org: string, query: MongoQuery, options: object): Promise<readonly { readonly _id: string }[]>
}

async function idsOf(collection: Findable, { organization }: RequestContext, query: MongoQuery) {
  const found = await collection.find(organization.id, query, { projection: { _id: 1 }, limit: idLimit + 1 })
  return found.map(({ _id }) => _id)
}
