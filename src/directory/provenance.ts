/** Where everything about a user comes from: every attribute, membership, role and link. */
import type { RequestContext, Source } from '../context.ts'
import { UsherError } from '../errors.ts'
import { isShowable } from './drift.ts'
import { type DirectoryEnvironment, isId } from './environment.ts'
import { combineRoles, roleCatalogue } from './roles.ts'
import type { ProvenanceReport } from './types.ts'
import { readUserState } from './user-state.ts'

export async function readProvenance(
  environment: DirectoryEnvironment,
  context: RequestContext,
  user: string,
): Promise<ProvenanceReport> {
  const catalogue = await roleCatalogue(environment, context)
  const reading = isId(user) ? await readUserState(environment, context, catalogue, user) : null
  if (reading === null) throw new UsherError('not_found', 'There is no such user.')
  const { state, document } = reading
  const grants = new Map(state.grants.map((grant) => [grant.role, grant.sources.map(({ source }) => source)]))
  return {
    attributes: state.sources.map(({ path, source, at, decision, shadowed }) => ({
      path,
      source,
      at: at.toISOString(),
      ...(decision === undefined ? {} : { decisionId: decision }),
      shadowed: isShowable(environment.userType, path)
        ? (shadowed ?? []).map(({ source: by, value }) => ({ source: by, value }))
        : [],
    })),
    groups: state.memberships.map(({ group, display, sources }) => ({
      value: group,
      display,
      sources: sources.map(({ source }) => source),
    })),
    roles: combineRoles(catalogue, context.organization.defaultRole, document, state.allGroups).map((role) => ({
      value: role.name,
      sources: [
        ...(role.isDefault ? (['default'] as const) : []),
        ...(grants.get(role.name) ?? []),
        ...role.groups.map((group): Source => `group:${group}`),
      ],
    })),
    identities: state.identities.map(({ linkedAt, lastLogin, ...identity }) => ({
      ...identity,
      linkedAt: linkedAt.toISOString(),
      lastLogin: lastLogin?.toISOString() ?? null,
    })),
  }
}
