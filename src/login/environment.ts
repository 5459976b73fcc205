import type { OrganizationRef, RequestContext } from '../context.ts'
import type { Directory } from '../directory/types.ts'
import type { Connection, Organizations } from '../organizations/types.ts'
import type { ConnectionState } from '../provisioning/types.ts'
import { dialects } from '../scim/dialects.ts'
import type { NotGenuineReason } from './not-genuine.ts'
import type { Provider, Providers } from './providers.ts'

/** What the login room works with. */
export interface LoginEnvironment {
  readonly organizations: Pick<Organizations, 'bySlug' | 'connection' | 'saveLoginTransaction' | 'takeLoginTransaction'>
  readonly directory: Pick<Directory, 'arrive' | 'decision'>
  readonly providers: Providers
  /** Without a trailing slash. */
  readonly publicUrl: string
  /** Slug of the sandbox's organization, whose result pages show the decision; null without a sandbox. */
  readonly sandbox: string | null
  readonly now: () => Date
  /** Told of every login that is not genuine; for a counter. */
  readonly onNotGenuine?: ((reason: NotGenuineReason) => void) | undefined
}

/** The context in which a verified login acts on the directory: the connection is the source of what it writes. */
export function loginContext(
  environment: Pick<LoginEnvironment, 'publicUrl'>,
  organization: OrganizationRef,
  connection: string,
  request: Pick<RequestContext, 'requestId' | 'now'>,
): RequestContext {
  return {
    requestId: request.requestId,
    now: request.now,
    principal: { kind: 'login', connection },
    organization,
    source: `login:${connection}`,
    dialect: dialects.rfc,
    baseUrl: `${environment.publicUrl}/scim/v2/${organization.slug}`,
    note: () => {},
  }
}

/** The connection as the decision sees it, together with what its provider announces now. */
export function connectionState(connection: Connection, provider: Provider): ConnectionState {
  return { ...connection.state, announcedIssuer: provider.announcedIssuer }
}
