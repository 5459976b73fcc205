import type { Request } from 'express'
import type { Limits } from '../limits/limits.ts'
import type { Authenticated, Organizations } from '../organizations/types.ts'
import { bearerToken, invalidCredentials } from './credentials.ts'

export interface Door {
  readonly organizations: Pick<Organizations, 'authenticate'>
  readonly limits: Pick<Limits, 'failedAttempts'>
}

/** Who sends a request. @throws UsherError `unauthorized`; `too_many_requests` when bad credentials keep coming */
export async function authenticateRequest(
  { organizations, limits }: Door,
  request: Request,
  now: Date,
): Promise<Authenticated> {
  const who = await organizations.authenticate(bearerToken(request.get('authorization')), now)
  if (who !== null) return who
  limits.failedAttempts.count(request.socket.remoteAddress ?? '')
  throw invalidCredentials()
}
