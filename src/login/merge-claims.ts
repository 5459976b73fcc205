import { notGenuine } from './not-genuine.ts'
import { type Claims, readClaims } from './read-claims.ts'

/**
 * The claims of an ID token together with those of the UserInfo answer; where both name a claim, the ID token wins,
 * because it is the one that is signed for this login.
 *
 * @throws UsherError `token_invalid` when the UserInfo answer belongs to another subject (OpenID Connect Core 5.3.2)
 */
export function mergeClaims(idToken: Claims, userInfo: unknown): Claims {
  if (userInfo === undefined) return idToken
  const further = readClaims(userInfo)
  if (typeof further.sub !== 'string' || further.sub !== idToken.sub) {
    throw notGenuine('userinfo', 'The UserInfo answer does not belong to the subject of the ID token.')
  }
  return Object.assign(Object.create(null), further, idToken) as Claims
}
