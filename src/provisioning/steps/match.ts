import { equalIgnoringAsciiCase } from '../../schema/fold.ts'
import type { JsonObject } from '../../schema/types.ts'
import { type Facts, provisions, refuse, type Step, type StepResult } from '../facts.ts'
import { sightOfRule } from '../lookups.ts'
import type { MatchLookup, UserState } from '../types.ts'

function emailsOf(user: UserState): readonly string[] {
  const { emails } = user.resource
  if (!Array.isArray(emails)) return []
  return (emails as readonly JsonObject[]).flatMap(({ value }) => (typeof value === 'string' ? [value] : []))
}

/** Only ASCII case is ignored: what was found by other Unicode folding belongs to somebody else. */
function isHit(user: UserState, lookup: MatchLookup): boolean {
  switch (lookup.attribute) {
    case 'externalId':
      return user.externalIds.some(({ client, value }) => lookup.clients.includes(client) && value === lookup.value)
    case 'emails.value':
      return emailsOf(user).some((value) => equalIgnoringAsciiCase(value, lookup.value))
    case 'userName':
      return typeof user.resource.userName === 'string' && equalIgnoringAsciiCase(user.resource.userName, lookup.value)
  }
}

function isProtected(user: UserState, { settings }: Facts): boolean {
  const { privileged, users, groups } = settings.neverLink
  return (
    (privileged && user.privilegedRoles.length > 0) ||
    users.includes(user.id) ||
    groups.some((group) => user.allGroups.includes(group))
  )
}

/**
 * Whether somebody else may have put the address there: the user signs in already through another connection, that
 * login never proved the address, and no SCIM client or administrator wrote it. Whoever made such an account first
 * would share it with the address's owner.
 */
function isUnprovenAddress(user: UserState, lookup: MatchLookup): boolean {
  if (lookup.attribute !== 'emails.value') return false
  const writers = user.sources.filter(({ path }) => path === 'emails' || path.startsWith('emails['))
  if (writers.some(({ source }) => source === 'self')) return true
  if (user.identities.length === 0 || !writers.some(({ source }) => source.startsWith('login:'))) return false
  return !(user.provenEmails ?? []).some((proven) => equalIgnoringAsciiCase(proven, lookup.value))
}

function meet(facts: Facts, lookup: MatchLookup, user: UserState): StepResult {
  const rule = `The rule from "${facts.settings.matching[lookup.index]?.claim}" to "${lookup.attribute}"`
  if (facts.snapshot.barred?.includes(user.id)) {
    return refuse(
      'link_removed',
      `${rule} found the user ${user.id}, whose link to this subject was closed: it is not made again by a rule.`,
      [user.id],
    )
  }
  if (isProtected(user, facts)) {
    return refuse('match_target_protected', `${rule} found the user ${user.id}, who is never linked by a rule.`, [
      user.id,
    ])
  }
  if (user.identities.some(({ connection }) => connection === facts.connection.id)) {
    return refuse(
      'linked_to_other_subject',
      `${rule} found the user ${user.id}, who is linked to another subject of this connection.`,
      [user.id],
    )
  }
  if (isUnprovenAddress(user, lookup)) {
    return refuse(
      'match_target_protected',
      `${rule} found the user ${user.id}, whose address nobody has proved to be theirs.`,
      [user.id],
    )
  }
  return {
    result: 'pass',
    detail: `${rule} found the user ${user.id}.`,
    facts: { person: { kind: 'matched', user } },
  }
}

function meetNobody(facts: Facts, reasons: readonly string[]): StepResult {
  const { settings, snapshot } = facts
  const tombstones = snapshot.tombstones.toSorted((a, b) => (a.index ?? -1) - (b.index ?? -1))
  const [found] = tombstones
  const nobody = ['No user was found.', ...reasons].join(' ')
  const [barred] = snapshot.barred ?? []
  if (barred !== undefined) {
    return refuse(
      'link_removed',
      `${nobody} The link of this subject to the user ${barred} was closed: nobody new is made in its place.`,
      snapshot.barred,
    )
  }
  if (found !== undefined && (settings.mode !== 'link' || settings.afterDelete === 'refuse')) {
    return {
      result: 'pass',
      detail: `The user of this person, ${found.tombstone.user}, was deleted.`,
      facts: { person: { kind: 'deleted', tombstone: found.tombstone } },
    }
  }
  if (settings.mode === 'link') return refuse('user_not_found', `${nobody} The connection makes no users.`)
  return { result: 'pass', detail: nobody, facts: { person: { kind: 'unknown' } } }
}

/**
 * Finds the user of a person who has no link: by the rules in their order, over all living users whatever their state.
 * The first rule with a hit decides; more than one hit refuses. Only when nobody is found, tombstones are looked at.
 */
export const matchStep: Step = {
  name: 'match',
  run(facts) {
    const { connection, email, login, person, settings, snapshot } = facts
    if (person.kind === 'linked') return { result: 'skip', detail: 'The person is linked already.' }
    if (snapshot.creationApproved === true && provisions(facts) && settings.mode !== 'link') {
      return { result: 'pass', detail: 'An administrator lets this person become a new user, whomever the rules find.' }
    }
    const reasons: string[] = []
    for (const [index, rule] of settings.matching.entries()) {
      const sight = sightOfRule(rule, index, connection, login, email)
      const name = `"${rule.claim}" to "${rule.attribute}"`
      if ('reason' in sight) {
        reasons.push(`The rule from ${name} finds nothing: ${sight.reason}.`)
        continue
      }
      const candidates = snapshot.candidates.filter((candidate) => candidate.index === index)
      const hits = candidates.flatMap(({ users }) => users).filter((user) => isHit(user, sight.lookup))
      const [first] = hits
      if (first === undefined) {
        reasons.push(`The rule from ${name} finds nobody.`)
        continue
      }
      if (hits.length > 1) {
        const ids = hits.map(({ id }) => id)
        return refuse('match_ambiguous', `The rule from ${name} finds ${hits.length} users.`, ids)
      }
      return meet(facts, sight.lookup, first)
    }
    return meetNobody(facts, reasons)
  },
}
