/** The versions that the feed tells of each resource: ascending without gaps, up to the one that there is. */
import type { ChangeDocument } from '../../store/documents.ts'
import type { Session } from '../../store/store.ts'
import type { DirectoryEnvironment } from '../environment.ts'
import type { Stage, Violation } from './stage.ts'

const pageSize = 500

type Entry = Pick<ChangeDocument, '_id' | 'seq' | 'resource' | 'action'>

const options = { projection: { seq: 1, resource: 1, action: 1 } } as const

export const histories: Stage = async (environment, { organization }, place) => {
  const { store } = environment
  const org = organization.id
  const after = place === null ? '' : String(place.after)
  const found = await store.organizations.findOne({ _id: org }, { projection: { changesRemovedTo: 1 } })
  const removedTo = found?.changesRemovedTo ?? 0
  const page: readonly Entry[] = await store.changes.find(
    org,
    { 'resource.id': { $gt: after } },
    { ...options, sort: { 'resource.id': 1, _id: -1 }, limit: pageSize },
  )
  const byResource = [...Map.groupBy(page, ({ resource }) => resource.id)]
  // The last one of a full page may have more records behind it.
  const cut = page.length < pageSize ? null : byResource.pop()!
  if (cut !== null && byResource.length === 0) byResource.push([cut[0], await wholeHistory(environment, org, cut[0])])
  const violations: Violation[] = []
  const ends: Entry[] = []
  for (const [, entries] of byResource) {
    const history = entries
      .filter(({ seq = 0, resource }) => seq > removedTo && resource.version !== null)
      .sort((a, b) => a.seq! - b.seq!)
    violations.push(...ofVersions(history, removedTo))
    const end = history.at(-1)
    if (end !== undefined) ends.push(end)
  }
  violations.push(...(await ofEnds(environment, org, ends)))
  const last = byResource.at(-1)?.[0]
  const looked = byResource.reduce((sum, [, entries]) => sum + entries.length, 0)
  return { looked, violations, next: cut === null || last === undefined ? null : { after: last } }
}

/** Of a resource with more records than a page: what is needed of them, a batch at a time. */
async function wholeHistory({ store }: DirectoryEnvironment, org: string, id: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for (let before: string | null = null; ; ) {
    const behind = before === null ? {} : { _id: { $lt: before } }
    const page: readonly Entry[] = await store.changes.find(
      org,
      { 'resource.id': id, ...behind },
      { ...options, sort: { _id: -1 }, limit: pageSize },
    )
    entries.push(...page)
    if (page.length < pageSize) return entries
    before = page.at(-1)!._id
  }
}

function ofVersions(history: readonly Entry[], removedTo: number): readonly Violation[] {
  const [first] = history
  if (first === undefined) return []
  let expected = removedTo === 0 ? 1 : first.resource.version!
  for (const { seq, resource } of history) {
    if (resource.version !== expected) {
      const detail = `Change ${seq} makes it version ${resource.version}, and ${expected} comes next.`
      return [{ rule: 'versions', subject: nameOf(first), detail }]
    }
    expected += 1
  }
  return []
}

/** Where somebody writes at the moment, the feed is behind: then all records are looked at, numbered or not. */
async function ofEnds(
  environment: DirectoryEnvironment,
  org: string,
  ends: readonly Entry[],
): Promise<readonly Violation[]> {
  const present = await presentVersions(environment, org, ends)
  const suspects = ends.filter((end) => !agrees(end, present.get(end.resource.id)))
  const violations: Violation[] = []
  for (const suspect of suspects) {
    const { id } = suspect.resource
    const [end, version] = await environment.store.transaction(async (session) => {
      const entries: readonly Entry[] = await environment.store.changes.find(
        org,
        { 'resource.id': id, 'resource.version': { $gt: 0 } },
        { ...options, session },
      )
      const newest = entries.reduce((a, b) => (b.resource.version! > a.resource.version! ? b : a), suspect)
      return [newest, (await presentVersions(environment, org, [suspect], session)).get(id)] as const
    })
    if (agrees(end, version)) continue
    const told = end.action === 'delete' ? 'was deleted' : `is of version ${end.resource.version}`
    const is = version === undefined ? 'it is not there' : `it is of version ${version}`
    violations.push({ rule: 'versions', subject: nameOf(end), detail: `By the records it ${told}, and ${is}.` })
  }
  return violations
}

function agrees({ action, resource }: Entry, version: number | undefined): boolean {
  return action === 'delete' ? version === undefined : version === resource.version
}

async function presentVersions(
  { store }: DirectoryEnvironment,
  org: string,
  ends: readonly Entry[],
  session?: Session,
): Promise<ReadonlyMap<string, number>> {
  const versions = new Map<string, number>()
  for (const [kind, entries] of Map.groupBy(ends, ({ resource }) => kindOf(resource.type))) {
    const ids = entries.map(({ resource }) => resource.id)
    const found = await store[kind].find(org, { _id: { $in: ids } }, { projection: { version: 1 }, session })
    for (const { _id, version } of found) versions.set(_id, version)
  }
  return versions
}

function kindOf(type: string): 'users' | 'groups' | 'resources' {
  return type === 'User' ? 'users' : type === 'Group' ? 'groups' : 'resources'
}

function nameOf({ resource }: Entry): string {
  return `${resource.type} ${resource.id}`
}
