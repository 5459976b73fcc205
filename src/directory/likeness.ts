/** Why two users may be one person. Pure: what is compared was read by somebody else. */

export type LikenessReason =
  | 'subject'
  | 'external_id_is_subject'
  | 'email'
  | 'user_name_is_email'
  | 'external_id'
  | 'name'

/** From what is nearly a proof to what may well be chance. */
export const strengths = ['strong', 'probable', 'possible'] as const
export type Strength = (typeof strengths)[number]

export interface Likeness {
  readonly reason: LikenessReason
  readonly strength: Strength
  /** What both have, in its comparison form. */
  readonly value: string
}

/** A user as far as it is compared; texts are in their comparison form. */
export interface Likeable {
  readonly userName: string
  readonly displayName: string | undefined
  readonly emails: readonly string[]
  /** Addresses that a login proved. */
  readonly proven: readonly string[]
  readonly externalIds: readonly { readonly client: string; readonly value: string }[]
  readonly identities: readonly { readonly connection: string; readonly issuer: string; readonly subject: string }[]
}

/** Every reason, the strongest first; none for users who have nothing in common. */
export function likenesses(a: Likeable, b: Likeable): readonly Likeness[] {
  const found = [
    ...sharedSubjects(a, b),
    ...subjectsAsExternalIds(a, b),
    ...subjectsAsExternalIds(b, a),
    ...sharedEmails(a, b),
    ...userNameAsEmail(a, b),
    ...userNameAsEmail(b, a),
    ...sharedExternalIds(a, b),
    ...sharedNames(a, b),
  ]
  const unique = new Map(found.map((likeness) => [`${likeness.reason}|${likeness.value}`, likeness]))
  return [...unique.values()].sort((x, y) => strengths.indexOf(x.strength) - strengths.indexOf(y.strength))
}

/** The subject of one issuer by two connections: a subject is unique at its issuer (OpenID Connect Core section 2). */
function sharedSubjects(a: Likeable, b: Likeable): readonly Likeness[] {
  return a.identities
    .filter(({ issuer, subject }) => b.identities.some((one) => one.issuer === issuer && one.subject === subject))
    .map(({ subject }) => ({ reason: 'subject', strength: 'strong', value: subject }))
}

/** The common way to join a push with a login: the client's id of the user is the subject. */
function subjectsAsExternalIds(a: Likeable, b: Likeable): readonly Likeness[] {
  return a.externalIds
    .filter(({ value }) => b.identities.some(({ subject }) => subject === value))
    .map(({ value }) => ({ reason: 'external_id_is_subject', strength: 'strong', value }))
}

function sharedEmails(a: Likeable, b: Likeable): readonly Likeness[] {
  return a.emails
    .filter((email) => b.emails.includes(email))
    .map((value) => {
      const proved = a.proven.includes(value) && b.proven.includes(value)
      return { reason: 'email', strength: proved ? 'strong' : 'probable', value }
    })
}

function userNameAsEmail({ userName }: Likeable, b: Likeable): readonly Likeness[] {
  if (!b.emails.includes(userName)) return []
  const strength = b.proven.includes(userName) ? 'strong' : 'probable'
  return [{ reason: 'user_name_is_email', strength, value: userName }]
}

/** Clients number their users each for itself, so equal numbers of two clients mean little. */
function sharedExternalIds(a: Likeable, b: Likeable): readonly Likeness[] {
  return a.externalIds
    .filter(({ client, value }) => b.externalIds.some((one) => one.value === value && one.client !== client))
    .map(({ value }) => ({ reason: 'external_id', strength: 'possible', value }))
}

/** The same name, and the same word before the `@` of an address or of the user name. */
function sharedNames(a: Likeable, b: Likeable): readonly Likeness[] {
  if (a.displayName === undefined || a.displayName !== b.displayName) return []
  const words = localParts(b)
  if (![...localParts(a)].some((word) => words.has(word))) return []
  return [{ reason: 'name', strength: 'possible', value: a.displayName }]
}

function localParts({ userName, emails }: Likeable): ReadonlySet<string> {
  return new Set([userName, ...emails].map((text) => text.split('@')[0]!))
}
