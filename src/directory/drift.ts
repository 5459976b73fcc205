/**
 * Where sources disagree about an attribute: who has the say, and what the others would say. Provenance keeps that with
 * each user, and a partial index holds the users with a disagreement only, so all the others cost nothing.
 */
import type { RequestContext } from '../context.ts'
import { leaves } from '../schema/leaves.ts'
import { resolvePath } from '../schema/path.ts'
import type { JsonObject, ResourceType } from '../schema/types.ts'
import type { AttributeSourceDocument, UserDocument } from '../store/documents.ts'
import type { DriftQuery } from './care.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { type Survey, type SurveyPage, surveyAll, surveyPage } from './survey.ts'
import { attributesOf } from './user-parts.ts'

/** See `Directory.drift`. */
export function listDrift(
  environment: DirectoryEnvironment,
  context: RequestContext,
  query: DriftQuery & { readonly limit: number },
): Promise<SurveyPage<JsonObject>> {
  return surveyPage(driftSurvey(environment, context, query), query)
}

/** See `Directory.driftOfAll`. */
export function streamDrift(
  environment: DirectoryEnvironment,
  context: RequestContext,
  query: DriftQuery,
): AsyncIterable<readonly JsonObject[]> {
  return surveyAll(driftSurvey(environment, context, query), query.cursor)
}

/** Whether the values of a part of a resource (see `leaves`) may be shown to anybody. */
export function isShowable(type: ResourceType, leaf: string): boolean {
  const found = resolvePath(type, leaf.replace(/\[.*$/, ''))
  if (found?.kind !== 'attribute') return false
  return [found.attribute, found.subAttribute].every((each) => each?.returned !== 'never')
}

function driftSurvey(
  environment: DirectoryEnvironment,
  { organization }: RequestContext,
  { attribute, source }: DriftQuery,
): Survey<UserDocument, JsonObject> {
  const wanted = attribute?.toLowerCase()
  return {
    read: (from, limit) =>
      environment.store.users.find(
        organization.id,
        { 'sources.shadowed.source': { $exists: true }, ...(from === null ? {} : { _id: { $gte: from } }) },
        { sort: { _id: 1 }, limit, projection: { resource: 1, sources: 1 } },
      ),
    keyOf: ({ _id }) => _id,
    find: async (users) =>
      users.map((user) => {
        const values = leaves(environment.userType, attributesOf(environment, user))
        return user.sources
          .filter((entry) => (entry.shadowed ?? []).length > 0)
          .filter(({ path }) => wanted === undefined || isAbout(path.toLowerCase(), wanted))
          .filter((entry) => source === undefined || speakersOf(entry).includes(source))
          .filter(({ path }) => isShowable(environment.userType, path))
          .map(({ path, source: winner, at, decision, shadowed = [] }) => ({
            user: { id: user._id, userName: user.resource.userName },
            attribute: path,
            source: winner,
            value: values.get(path) ?? null,
            at: at.toISOString(),
            ...(decision === undefined ? {} : { decisionId: decision }),
            shadowed: shadowed.map((shadow) => ({ ...shadow, at: shadow.at.toISOString() })),
          }))
      }),
  }
}

function isAbout(path: string, wanted: string): boolean {
  return path === wanted || (path.startsWith(wanted) && /^[.:[]/.test(path.slice(wanted.length)))
}

function speakersOf({ source, shadowed = [] }: AttributeSourceDocument): readonly string[] {
  return [source, ...shadowed.map((shadow) => shadow.source)]
}
