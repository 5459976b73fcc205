import { acceptAsync, findAsync, finishAsync } from './async-results.ts'
import { openConnection } from './connections.ts'
import { authenticate } from './credentials.ts'
import type { OrganizationsEnvironment } from './environment.ts'
import { saveLoginTransaction, takeLoginTransaction } from './login-transactions.ts'
import { organizationBySlug } from './organizations.ts'
import { readRoleEntries } from './roles.ts'
import type { Organizations } from './types.ts'

/** What requests and logins need of organizations, over one environment. Administration calls the functions of the nouns. */
export function createOrganizations(environment: OrganizationsEnvironment): Organizations {
  return {
    authenticate: (token, now) => authenticate(environment, token, now),
    bySlug: (slug) => organizationBySlug(environment, slug),
    connection: ({ id: org }, id) => openConnection(environment, org, id),
    roles: ({ id }) => readRoleEntries(environment.store, id),
    acceptAsync: (organization, request, now) => acceptAsync(environment, organization, request, now),
    finishAsync: (organization, id, result) => finishAsync(environment, organization, id, result),
    findAsync: (organization, id, source, now) => findAsync(environment, organization, id, source, now),
    saveLoginTransaction: (organization, input) => saveLoginTransaction(environment, organization, input),
    takeLoginTransaction: (organization, input) => takeLoginTransaction(environment, organization, input),
  }
}
