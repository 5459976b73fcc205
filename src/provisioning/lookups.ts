import { readText } from './claims.ts'
import { type LoginEmail, loginEmail, looksLikeAddress, provesAddress } from './email.ts'
import { grantRules } from './grant-rules.ts'
import type { MatchingRule } from './settings.ts'
import type { ConnectionState, Lookups, MatchLookup, Snapshot, VerifiedLogin } from './types.ts'
import { wishUserNames } from './user-name.ts'

const MAX_SUBJECT_LENGTH = 255

/** Who the person is at this connection: a text, compared byte by byte; null when the login does not say. */
export function readSubject(connection: ConnectionState, login: VerifiedLogin): string | null {
  const subject = readText(login.claims, connection.settings.subjectClaim)
  return subject === undefined || subject.length > MAX_SUBJECT_LENGTH ? null : subject
}

/** What a rule looks for, or why it looks for nothing. */
export type RuleSight = { readonly lookup: MatchLookup } | { readonly reason: string }

/**
 * Whether a matching rule may look, and for what. A rule onto externalId looks only at the clients of the same
 * identity provider. A rule onto an e-mail address, and every rule whose value looks like one, needs a verified e-mail
 * of that very value at a verified domain of the organization.
 */
export function sightOfRule(
  rule: MatchingRule,
  index: number,
  connection: ConnectionState,
  login: VerifiedLogin,
  email: LoginEmail | null,
): RuleSight {
  const value = readText(login.claims, rule.claim)
  if (value === undefined) return { reason: `the login has no text in "${rule.claim}"` }
  const clients = rule.attribute === 'externalId' ? connection.scimClients : []
  if (rule.attribute === 'externalId' && clients.length === 0) {
    return { reason: 'the connection has no SCIM client whose externalId it could be' }
  }
  if ((rule.attribute === 'emails.value' || looksLikeAddress(value)) && !provesAddress(email, value)) {
    return { reason: 'the value is no verified e-mail at a verified domain of the organization' }
  }
  return { lookup: { index, attribute: rule.attribute, value, clients } }
}

/**
 * What the directory must look up before `decide` can decide; computed from the settings and the claims alone.
 * Never throws.
 */
export function lookups(connection: ConnectionState, login: VerifiedLogin, domains: Snapshot['domains']): Lookups {
  const { settings } = connection
  const email = loginEmail(login.claims, settings.emailTrust, domains)
  const subject = readSubject(connection, login)
  const sights = settings.matching.map((rule, index) => sightOfRule(rule, index, connection, login, email))
  const wish = wishUserNames(settings.userName, login.claims, email, subject)
  const groups = grantRules(settings.groups, 'group')
  return {
    subject,
    rules: sights.flatMap((sight) => ('lookup' in sight ? [sight.lookup] : [])),
    email: email?.asserted === true ? email.address : null,
    userNames: wish.kind === 'names' ? wish.names : [],
    groups: [...new Set([...groups.targets, ...settings.neverLink.groups])],
  }
}
