import { apiKeyRoutes } from './api-keys.ts'
import { changeRoutes } from './changes.ts'
import { connectionRoutes } from './connections.ts'
import { decisionRoutes } from './decisions.ts'
import { dialectRoutes } from './dialects.ts'
import { domainRoutes } from './domains.ts'
import { grantRoutes } from './grants.ts'
import { invitationRoutes } from './invitations.ts'
import { jitRoutes } from './jit.ts'
import { jobRoutes } from './jobs.ts'
import { loginRoutes } from './logins.ts'
import { organizationRoutes } from './organizations.ts'
import { previewRoutes } from './preview.ts'
import { roleRoutes } from './roles.ts'
import type { Route } from './route.ts'
import { scimClientRoutes } from './scim-clients.ts'
import { simulationRoutes } from './simulations.ts'
import { tombstoneRoutes } from './tombstones.ts'
import { userRoutes } from './users.ts'

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
  ...jitRoutes,
  ...loginRoutes,
  ...simulationRoutes,
  ...previewRoutes,
  ...decisionRoutes,
  ...userRoutes,
  ...changeRoutes,
  ...tombstoneRoutes,
  ...jobRoutes,
]
