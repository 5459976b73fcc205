/** A room with organizations over a real database, and short words for what tests do with it. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import type { OrganizationRef, Principal } from '../../src/context.ts'
import { UsherError } from '../../src/errors.ts'
import { CredentialCache } from '../../src/organizations/credential-cache.ts'
import type { OrganizationContext, OrganizationsEnvironment } from '../../src/organizations/environment.ts'
import { createOrganization, organizationBySlug } from '../../src/organizations/organizations.ts'
import { scimScopes } from '../../src/organizations/scim-scopes.ts'
import { createSealing } from '../../src/organizations/sealing.ts'
import { openStore } from '../../src/store/store.ts'
import { usherDatabase } from '../database.ts'
import { user } from '../schema/registry-of-tests.ts'

export const operator: Principal = { kind: 'operator' }

export interface Room {
  readonly environment: OrganizationsEnvironment
  /** What the name servers answer, by name; an error is thrown. */
  readonly txt: Map<string, readonly (readonly string[])[] | Error>
  /** Issuers whose discovery document can be read, with what it announces. */
  readonly issuers: Map<string, string>
  readonly organization: (slug?: string) => Promise<OrganizationRef>
}

/** Opens the room; it is closed when the test file ends. */
export async function openRoom(): Promise<Room> {
  const txt: Room['txt'] = new Map()
  const issuers: Room['issuers'] = new Map()
  const store = await openStore({ uri: await usherDatabase() })
  after(() => store.close())
  await store.prepare()
  const credentialCache = new CredentialCache()
  const sealing = createSealing(randomBytes(32))
  const environment: OrganizationsEnvironment = {
    store,
    publicUrl: 'https://usher.example',
    jitDefaults: { mode: 'on', attributeSyncMethod: 'PRESERVE_LOCAL' },
    sealing,
    credentialCache,
    userType: user,
    scimScopes: scimScopes([user]),
    resolveTxt: async (name) => {
      const answer = txt.get(name) ?? Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
      if (answer instanceof Error) throw answer
      return answer
    },
    checkDiscovery: async (issuer) => {
      const announced = issuers.get(issuer)
      if (announced === undefined) throw new UsherError('issuer_invalid', 'The discovery document cannot be read.')
      return { issuer: announced }
    },
  }
  return {
    environment,
    txt,
    issuers,
    organization: async (slug = `org-${randomBytes(5).toString('hex')}`) => {
      await createOrganization(environment, new Date(), { slug })
      return (await organizationBySlug(environment, slug))!
    },
  }
}

export function contextOf(
  organization: OrganizationRef,
  principal: Principal = operator,
  now = new Date(),
): OrganizationContext {
  return { requestId: 'test', principal, now, organization }
}

export function keyOf(
  organization: OrganizationRef,
  ...scopes: Extract<Principal, { kind: 'key' }>['scopes']
): Principal {
  return { kind: 'key', id: 'key-1', name: 'key', organization: organization.id, scopes }
}

/** Refuses with this code; `path` is one of the members that are named. */
export async function refuses(work: Promise<unknown>, code: UsherError['code'], path?: string): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof UsherError, String(error))
    assert.equal(error.code, code, error.detail)
    if (path !== undefined)
      assert.ok(
        error.errors.some((each) => each.path === path),
        JSON.stringify(error.errors),
      )
    return true
  })
}
