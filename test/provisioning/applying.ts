/** A directory of one user in memory: what becomes of the state when the operations of a decision are executed. */
import type { Source } from '../../src/context.ts'
import { applyPatch } from '../../src/patch/apply.ts'
import { readPatch } from '../../src/patch/envelope.ts'
import type { Decision, SourceEntry, UserState } from '../../src/provisioning/types.ts'
import { equalValues } from '../../src/schema/equal.ts'
import { leaves } from '../../src/schema/leaves.ts'
import { normalise } from '../../src/schema/normalise.ts'
import type { JsonObject, Resource } from '../../src/schema/types.ts'
import { dialects } from '../../src/scim/dialects.ts'
import { identity, now, user, userType } from './scenario.ts'

const options = { switches: dialects.rfc, note: () => {} }

function give<T extends { readonly sources: readonly SourceEntry[] }>(
  list: readonly T[],
  isIt: (entry: T) => boolean,
  fresh: T,
): readonly T[] {
  const [source] = fresh.sources
  const present = list.find(isIt)
  if (present === undefined) return [...list, fresh]
  const own = present.sources.some((entry) => entry.source === source?.source)
  return own
    ? list
    : list.map((entry) => (entry === present ? { ...entry, sources: [...entry.sources, ...fresh.sources] } : entry))
}

function take<T extends { readonly sources: readonly SourceEntry[] }>(
  list: readonly T[],
  isIt: (entry: T) => boolean,
  source: Source,
): readonly T[] {
  return list
    .map((entry) => (isIt(entry) ? { ...entry, sources: entry.sources.filter((own) => own.source !== source) } : entry))
    .filter(({ sources }) => sources.length > 0)
}

function filterValue(path: string): string {
  return JSON.parse(path.slice(path.indexOf('eq ') + 3, -1)) as string
}

function withSources(before: UserState, resource: Resource, source: Source): UserState {
  const old = leaves(userType, before.resource)
  const sources = [...leaves(userType, resource)].map(([path, value]) => {
    const known = before.sources.find((entry) => entry.path === path)
    return known !== undefined && equalValues(old.get(path), value) ? known : { path, source, at: now }
  })
  return { ...before, resource, sources }
}

type Written = JsonObject & { readonly op: string; readonly path: string; readonly value?: unknown }

function patchUser(state: UserState, data: JsonObject, source: Source): UserState {
  const operations = data.Operations as unknown as readonly Written[]
  const isKeptElsewhere = ({ path }: Written) => path === 'active' || path.startsWith('roles')
  const rest = operations.filter((operation) => !isKeptElsewhere(operation))
  let { grants, holds } = state
  for (const operation of operations.filter(isKeptElsewhere)) {
    if (operation.path === 'active') holds = []
    else if (operation.op === 'add') {
      for (const { value } of operation.value as readonly { value: string }[]) {
        grants = give(grants, ({ role }) => role === value, { role: value, sources: [{ source, at: now }] })
      }
    } else grants = take(grants, ({ role }) => role === filterValue(operation.path), source)
  }
  const patched =
    rest.length === 0
      ? state.resource
      : applyPatch(userType, state.resource, readPatch(userType, { ...data, Operations: rest }, options), options)
          .resource
  return { ...withSources(state, patched, source), grants, holds }
}

function patchGroup(state: UserState, group: string, data: JsonObject, source: Source): UserState {
  let { memberships } = state
  for (const operation of data.Operations as unknown as readonly Written[]) {
    const isIt = (membership: { readonly group: string }) => membership.group === group
    memberships =
      operation.op === 'add'
        ? give(memberships, isIt, { group, display: group, sources: [{ source, at: now }] })
        : take(memberships, isIt, source)
  }
  return { ...state, memberships, allGroups: memberships.map((membership) => membership.group) }
}

function createUser(data: JsonObject, source: Source): UserState {
  const { roles, externalId: _, ...body } = data
  const resource = normalise(userType, body, options)
  const given = (roles ?? []) as unknown as readonly { value: string }[]
  return user({
    resource,
    writer: source,
    provisionedBy: 'login',
    grants: given.map(({ value }) => ({ role: value, sources: [{ source, at: now }] })),
  })
}

/** The user after the decision. Takes the user before it, null for none; fails where the operations do not apply. */
export function afterwards(before: UserState | null, decision: Decision, source: Source): UserState | null {
  const { effects } = decision
  if (effects === null) return before
  let state = before
  for (const { method, path, data } of decision.operations) {
    if (method === 'POST') state = createUser(data, source)
    else if (state === null) throw new Error('There is nobody to patch.')
    else if (path.startsWith('/Users/')) state = patchUser(state, data, source)
    else state = patchGroup(state, path.slice('/Groups/'.length), data, source)
  }
  if (state === null || effects.link === null) return state
  return { ...state, identities: [...state.identities, identity({ subject: effects.link.subject })] }
}
