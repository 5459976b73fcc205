/** What a change of JIT settings must pass, and what is kept of it. */
import { mayGrantPrivileged, type Principal, type Source } from '../context.ts'
import { type FieldError, UsherError } from '../errors.ts'
import type { StoredJitSettings } from '../provisioning/settings.ts'
import { checkSettings } from '../provisioning/settings-check.ts'
import type { JsonObject } from '../schema/types.ts'
import type { ConnectionDocument, JitVersionDocument } from '../store/documents.ts'
import { newId, type OrganizationContext, type OrganizationsEnvironment } from './environment.ts'
import { readReferences } from './settings-references.ts'

/** The settings of a document: they were checked when they were saved. */
export function storedJit({ jit }: Pick<ConnectionDocument, 'jit'>): StoredJitSettings {
  return jit as StoredJitSettings
}

/**
 * Checks settings against the schemas and the organization, and gives them as they are stored: with groups by id.
 * `prefix` is put before the paths of errors.
 * @throws UsherError `validation_failed` with every problem; `privileged_grant_refused` for what only somebody who may
 * grant privileged roles can save
 */
export async function checkJit(
  { store, userType }: OrganizationsEnvironment,
  { organization, principal }: Pick<OrganizationContext, 'organization' | 'principal'>,
  next: StoredJitSettings,
  previous: StoredJitSettings | undefined,
  prefix = '',
): Promise<JsonObject> {
  const checked = checkSettings(next, {
    ...(await readReferences(store, organization.id, next)),
    type: userType,
    mayGrantPrivileged: mayGrantPrivileged(principal),
    previous,
  })
  const at = ({ path, message }: FieldError) => ({ path: prefix === '' ? path : `${prefix}.${path}`, message })
  if (checked.errors.length > 0) {
    throw new UsherError('validation_failed', 'The JIT settings do not validate.', { errors: checked.errors.map(at) })
  }
  if (checked.privileged.length > 0) {
    throw new UsherError(
      'privileged_grant_refused',
      "This needs the operator's token or a key with the scope admin:privileged.",
      { errors: checked.privileged.map(at) },
    )
  }
  return JSON.parse(JSON.stringify(checked.settings)) as JsonObject
}

/** The record of one version of the settings. */
export function versionDocument(
  { organization, principal, now }: OrganizationContext,
  connection: string,
  version: number,
  settings: JsonObject,
): JitVersionDocument {
  return { _id: newId(now), org: organization.id, connection, version, settings, at: now, actor: sourceOf(principal) }
}

/** The source of what a caller of the admin API writes. */
export function sourceOf(principal: Principal): Source {
  if (principal.kind === 'key') return `admin:${principal.id}`
  if (principal.kind === 'system') return `job:${principal.job}`
  return 'admin:operator'
}
