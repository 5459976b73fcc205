/** The JIT settings of a connection. Each change is a version; a version is never changed. */
import { UsherError } from '../errors.ts'
import { lintSettings, type SettingsWarning } from '../provisioning/lint/lint.ts'
import {
  type EffectiveAttribute,
  effectiveAttributes,
  effectiveSettings,
  type JitSettings,
  mergeJitSettings,
  type ReadJitSettings,
  readJitSettings,
  type SettingsLayer,
  type StoredJitSettings,
  settingsLayers,
} from '../provisioning/settings.ts'
import { type SettingsChange, settingsChanges } from '../provisioning/settings-diff.ts'
import { equalValues } from '../schema/equal.ts'
import type { JsonObject } from '../schema/types.ts'
import type { ConnectionDocument, JitVersionDocument } from '../store/documents.ts'
import { findConnection } from './connections.ts'
import type { OrganizationContext, OrganizationsEnvironment } from './environment.ts'
import { checkJit, storedJit, versionDocument } from './jit-changes.ts'
import { readCursor, toListing } from './paging.ts'
import { notFound } from './refusals.ts'
import { readReferences } from './settings-references.ts'
import type { Listing, PageRequest } from './types.ts'

/** The settings in force, and where each comes from. What is beside the settings is read-only. */
export type JitView = JitSettings & {
  readonly version: number
  readonly layers: Readonly<Record<keyof JitSettings, SettingsLayer>>
  readonly effectiveAttributes: readonly EffectiveAttribute[]
  /** What is allowed and has no effect, or one that nobody can mean. */
  readonly warnings: readonly SettingsWarning[]
}

export interface JitVersionView {
  readonly version: number
  readonly at: string
  readonly actor: string
  /** What was set explicitly in this version. */
  readonly settings: JsonObject
  /** What is different from the version before. */
  readonly changes: readonly SettingsChange[]
}

/** What is different between two versions. */
export interface JitVersionDiff {
  readonly from: number
  readonly to: number
  readonly changes: readonly SettingsChange[]
}

/** Members of the view that are no settings: a body that was read before may carry them back. */
const readOnlyMembers = ['version', 'layers', 'effectiveAttributes', 'warnings']

/** @throws UsherError `not_found` */
export async function getJit(
  environment: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  connection: string,
): Promise<JitView> {
  return showJit(environment, await findConnection(environment, organization.id, connection))
}

/**
 * Replaces the settings; what the body omits takes its default, but for `subjectClaim`, which nothing can change.
 * @throws UsherError `not_found`, `validation_failed`, `immutable`, `precondition_failed`, `privileged_grant_refused`
 */
export function putJit(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  connection: string,
  body: unknown,
  ifMatch: string | undefined,
): Promise<JitView> {
  return changeJit(environment, context, connection, ifMatch, (present) => {
    const read = readJitSettings(withoutReadOnly(body), environment.jitDefaults)
    if (read.stored.subjectClaim !== undefined || present.subjectClaim === undefined) return read.stored
    return { ...read.stored, subjectClaim: present.subjectClaim }
  })
}

/** Applies a merge patch (RFC 7396); a null puts the default back. @throws UsherError as `putJit` */
export function patchJit(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  connection: string,
  body: unknown,
  ifMatch: string | undefined,
): Promise<JitView> {
  return changeJit(
    environment,
    context,
    connection,
    ifMatch,
    (present) => mergeJitSettings(present, withoutReadOnly(body), environment.jitDefaults).stored,
  )
}

/** Makes a new version with the settings of an earlier one, as far as they are still acceptable. @throws as `putJit` */
export async function rollbackJit(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  connection: string,
  version: number,
  ifMatch: string | undefined,
): Promise<JitView> {
  const earlier = await findVersion(environment, context, connection, version)
  return changeJit(
    environment,
    context,
    connection,
    ifMatch,
    () => readJitSettings(earlier.settings, environment.jitDefaults).stored,
  )
}

/** The versions, newest first. @throws UsherError `not_found` */
export async function listJitVersions(
  environment: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  connection: string,
  page: PageRequest,
): Promise<Listing<JitVersionView>> {
  await findConnection(environment, organization.id, connection)
  const before = page.cursor === undefined ? {} : { version: { $lt: Number(readCursor(page.cursor)) || 0 } }
  const found = await environment.store.jitVersions.find(
    organization.id,
    { connection, ...before },
    { sort: { version: -1 }, limit: page.limit + 1 },
  )
  const byVersion = found.map((document, index) => ({
    _id: String(document.version),
    document,
    previous: found[index + 1],
  }))
  return toListing(byVersion, page.limit, ({ document, previous }) => showVersion(document, previous))
}

/** @throws UsherError `not_found` */
export async function getJitVersion(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  connection: string,
  version: number,
): Promise<JitVersionView> {
  const found = await findVersion(environment, context, connection, version)
  const previous = version > 1 ? await findVersion(environment, context, connection, version - 1) : undefined
  return showVersion(found, previous)
}

/** What the settings of one version have otherwise than those of another. @throws UsherError `not_found` */
export async function diffJitVersions(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  connection: string,
  from: number,
  to: number,
): Promise<JitVersionDiff> {
  const before = await findVersion(environment, context, connection, from)
  const after = await findVersion(environment, context, connection, to)
  return { from, to, changes: settingsChanges(before.settings, after.settings) }
}

/**
 * Reads a draft of the settings, for a decision that is not saved.
 * @throws UsherError `validation_failed`, `immutable` for another subject claim
 */
export async function readJitDraft(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  connection: string,
  draft: unknown,
): Promise<JitSettings> {
  const present = storedJit(await findConnection(environment, context.organization.id, connection))
  const { stored }: ReadJitSettings = readJitSettings(withoutReadOnly(draft), environment.jitDefaults, 'jit')
  const next = stored.subjectClaim === undefined ? withSubjectClaim(stored, present) : stored
  refuseOtherSubject(next, present)
  const checked = await checkJit(environment, { ...context, principal: { kind: 'operator' } }, next, present, 'jit')
  return effectiveSettings(checked as StoredJitSettings, environment.jitDefaults)
}

/** The version as an entity tag. */
export function jitTag(version: number): string {
  return `"${version}"`
}

async function changeJit(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  connection: string,
  ifMatch: string | undefined,
  change: (present: StoredJitSettings) => StoredJitSettings,
): Promise<JitView> {
  const org = context.organization.id
  const document = await findConnection(environment, org, connection)
  if (!matches(ifMatch, document.jitVersion)) {
    throw new UsherError('precondition_failed', `The settings are in version ${document.jitVersion} now.`)
  }
  const present = storedJit(document)
  const next = change(present)
  refuseOtherSubject(next, present)
  const jit = await checkJit(environment, context, next, present)
  if (equalValues(jit, document.jit)) return showJit(environment, document)
  const jitVersion = document.jitVersion + 1
  const { store } = environment
  await store.transaction(async (session) => {
    const won = await store.connections.updateOne(
      org,
      { _id: connection, jitVersion: document.jitVersion, deleting: false },
      { $set: { jit, jitVersion }, $inc: { version: 1 } },
      session,
    )
    if (!won)
      throw new UsherError('precondition_failed', 'Somebody else has just changed the settings. Read them again.')
    await store.jitVersions.insertOne(org, versionDocument(context, connection, jitVersion, jit), session)
  })
  return showJit(environment, { ...document, jit, jitVersion })
}

/** Links are kept under the claim that made them: with another claim they would belong to other people. */
function refuseOtherSubject(next: StoredJitSettings, present: StoredJitSettings): void {
  if ((next.subjectClaim ?? 'sub') === (present.subjectClaim ?? 'sub')) return
  throw new UsherError('immutable', 'The subject claim cannot be changed. Make another connection.')
}

function withSubjectClaim(next: StoredJitSettings, { subjectClaim }: StoredJitSettings): StoredJitSettings {
  return subjectClaim === undefined ? next : { ...next, subjectClaim }
}

function withoutReadOnly(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  return Object.fromEntries(Object.entries(body).filter(([name]) => !readOnlyMembers.includes(name)))
}

/** RFC 9110 section 13.1.1. */
function matches(ifMatch: string | undefined, version: number): boolean {
  if (ifMatch === undefined || ifMatch.trim() === '*') return true
  const tags = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(jitTag(version))
}

async function findVersion(
  environment: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  connection: string,
  version: number,
): Promise<JitVersionDocument> {
  await findConnection(environment, organization.id, connection)
  const found = await environment.store.jitVersions.findOne(organization.id, { connection, version })
  if (found === null) throw notFound('version of the settings')
  return found
}

function showVersion(
  { version, at, actor, settings }: JitVersionDocument,
  previous: JitVersionDocument | undefined,
): JitVersionView {
  return {
    version,
    at: at.toISOString(),
    actor,
    settings,
    changes: settingsChanges(previous?.settings ?? {}, settings),
  }
}

async function showJit(
  { jitDefaults, store, userType }: OrganizationsEnvironment,
  document: ConnectionDocument,
): Promise<JitView> {
  const stored = storedJit(document)
  const references = await readReferences(store, document.org, stored)
  return {
    ...effectiveSettings(stored, jitDefaults),
    version: document.jitVersion,
    layers: settingsLayers(stored),
    effectiveAttributes: effectiveAttributes(stored, jitDefaults),
    warnings: lintSettings(stored, jitDefaults, { ...references, type: userType }),
  }
}
