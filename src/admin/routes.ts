import { apiKeyRoutes } from './api-keys.ts'
import { applyRoutes } from './apply-settings.ts'
import { changeRoutes } from './changes.ts'
import { claimRoutes } from './claims.ts'
import { connectionTestRoutes } from './connection-test.ts'
import { connectionRoutes } from './connections.ts'
import { decisionRoutes } from './decisions.ts'
import { dialectRoutes } from './dialects.ts'
import { domainRoutes } from './domains.ts'
import { driftRoutes } from './drift.ts'
import { duplicateRoutes } from './duplicates.ts'
import { grantRoutes } from './grants.ts'
import { inboxRoutes } from './inbox.ts'
import { invitationRoutes } from './invitations.ts'
import { jitRoutes } from './jit.ts'
import { jobRoutes } from './jobs.ts'
import { loginRoutes } from './logins.ts'
import { organizationRoutes } from './organizations.ts'
import { previewRoutes } from './preview.ts'
import { relinkRoutes } from './relink.ts'
import { roleRoutes } from './roles.ts'
import type { Route } from './route.ts'
import { scimClientRoutes } from './scim-clients.ts'
import { secretRoutes } from './secrets.ts'
import { simulationRoutes } from './simulations.ts'
import { staleUserRoutes } from './stale-users.ts'
import { tombstoneRoutes } from './tombstones.ts'
import { userRoutes } from './users.ts'
import { verificationRoutes } from './verification.ts'

/** Every route of the admin API: what the router mounts and what the OpenAPI document lists. */
export const adminRoutes: readonly Route[] = [
  ...organizationRoutes,
  ...domainRoutes,
  ...roleRoutes,
  ...grantRoutes,
  ...invitationRoutes,
  ...apiKeyRoutes,
  ...scimClientRoutes,
  ...dialectRoutes,
  ...connectionRoutes,
  ...connectionTestRoutes,
  ...jitRoutes,
  ...claimRoutes,
  ...loginRoutes,
  ...simulationRoutes,
  ...previewRoutes,
  ...applyRoutes,
  ...relinkRoutes,
  ...decisionRoutes,
  ...inboxRoutes,
  ...userRoutes,
  ...duplicateRoutes,
  ...staleUserRoutes,
  ...driftRoutes,
  ...changeRoutes,
  ...tombstoneRoutes,
  ...jobRoutes,
  ...secretRoutes,
  ...verificationRoutes,
]
