import { v7 } from 'uuid'
import type { CallerContext, OrganizationRef } from '../context.ts'
import type { JitDefaults } from '../provisioning/settings.ts'
import type { ResourceType } from '../schema/types.ts'
import type { Store } from '../store/store.ts'
import type { CredentialCache } from './credential-cache.ts'
import type { Sealing } from './sealing.ts'
import type { DiscoveryCheck, TxtResolver } from './types.ts'

/** What the room works with. Passed to every function first: nothing here is global. */
export interface OrganizationsEnvironment {
  readonly store: Store
  /** `USHER_PUBLIC_URL`, without a trailing slash. */
  readonly publicUrl: string
  readonly jitDefaults: JitDefaults
  readonly sealing: Sealing
  readonly credentialCache: CredentialCache
  readonly resolveTxt: TxtResolver
  readonly checkDiscovery: DiscoveryCheck
  /** The resource type of users, which JIT settings are checked against. */
  readonly userType: ResourceType
  /** Every scope that SCIM clients can have. */
  readonly scimScopes: ReadonlySet<string>
}

/** Who asks, for which organization. A request's context is one. */
export interface OrganizationContext extends CallerContext {
  readonly organization: OrganizationRef
}

/** A new id: random, and ordered by time so that lists come in the order of creation. */
export function newId(now: Date): string {
  return v7({ msecs: now.getTime() })
}
