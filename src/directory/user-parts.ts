/** A stored user taken apart, so that it can be composed anew with some parts changed. */
import type { Resource } from '../schema/types.ts'
import type { UserDocument } from '../store/documents.ts'
import type { UserParts } from './compose.ts'
import type { LoginEffects } from './effects.ts'
import type { DirectoryEnvironment } from './environment.ts'
import type { Writer } from './sources.ts'
import { fromStored } from './stored-form.ts'
import type { Workspace } from './workspace.ts'

/** The parts that a stored user was composed of. */
export function partsOf(environment: Pick<DirectoryEnvironment, 'userType'>, user: UserDocument): UserParts {
  return {
    id: user._id,
    org: user.org,
    version: user.version,
    created: user.created,
    lastModified: user.lastModified,
    attributes: attributesOf(environment, user),
    externalIds: user.externalIds,
    sources: user.sources,
    holds: user.holds,
    grants: user.grants,
    provisionedBy: user.provisionedBy,
    provenEmails: user.provenEmails,
    links: user.managedBy.filter((source) => source.startsWith('login:') || source.startsWith('invitation:')),
  }
}

export function attributesOf(environment: Pick<DirectoryEnvironment, 'userType'>, user: UserDocument): Resource {
  return fromStored(environment.userType, user.resource)
}

/** A user that does not exist yet. */
export function newParts(workspace: Workspace, id: string, effects: LoginEffects | null): UserParts {
  const { context } = workspace
  return {
    id,
    org: context.organization.id,
    version: 1,
    created: context.now,
    lastModified: context.now,
    attributes: {},
    externalIds: [],
    sources: [],
    holds: [],
    grants: [],
    provisionedBy: effects?.provisionedBy ?? (context.source.startsWith('scim:') ? 'scim' : 'admin'),
    provenEmails: [],
    links: [],
  }
}

/** Who writes, for provenance. */
export function writerOf(workspace: Workspace): Writer {
  return { source: workspace.source, at: workspace.context.now, decision: workspace.decision ?? undefined }
}

/** Addresses proved before and now; the same list when there is nothing new. */
export function mergeProven(known: readonly string[], more: readonly string[]): readonly string[] {
  return more.every((email) => known.includes(email)) ? known : union(known, more)
}

/** Both lists without doubles; the same list when there is nothing new. */
export function union<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  return b.every((value) => a.includes(value)) ? a : [...new Set([...a, ...b])]
}
