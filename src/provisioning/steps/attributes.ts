import { UsherError } from '../../errors.ts'
import type { JsonValue, Resource } from '../../schema/types.ts'
import { validateResource } from '../../schema/validate.ts'
import { attributesAtCreation, externalIdAtCreation, syncAttributes } from '../attribute-sync.ts'
import { attributeChanges } from '../changes.ts'
import { existingUser, type Facts, provisions, type Step, type StepResult } from '../facts.ts'
import { valueForTarget } from '../mapped-values.ts'
import { readTarget, resolveReadable, resolveTarget } from '../target.ts'
import type { UserState } from '../types.ts'
import { wishUserNames } from '../user-name.ts'

type Problem = Extract<StepResult, { result: 'refuse' }>

function problem(code: Problem['code'], detail: string): Problem {
  return { result: 'refuse', code, detail }
}

/** What the settings require has a value; a value that could not be used is another mistake than none. */
function checkRequired(facts: Facts, resource: Resource): Problem | null {
  for (const path of facts.settings.required) {
    const target = resolveReadable(facts.type, path)
    if ('problem' in target || target.canonical === 'userName') continue
    if (target.canonical === 'externalId' && externalIdAtCreation(facts.mapped) !== null) continue
    if (readTarget(resource, target) !== undefined) continue
    const malformed = facts.mapped.some(
      (mapped) => mapped.target.attribute === target.attribute && mapped.reading.kind === 'malformed',
    )
    return malformed
      ? problem('attribute_invalid', `The value for "${target.canonical}" cannot be used, and it is required.`)
      : problem('required_attribute_missing', `"${target.canonical}" is required and has no value.`)
  }
  return null
}

/** The first of the wished-for names that nobody has. */
function chooseUserName(facts: Facts): { readonly userName: JsonValue } | Problem {
  const { email, login, settings, snapshot, subject, type } = facts
  const wish = wishUserNames(settings.userName, login.claims, email, subject)
  if (wish.kind === 'missing') return problem('required_attribute_missing', wish.detail)
  if (wish.kind === 'invalid') return problem('attribute_invalid', wish.detail)
  const name = wish.names.find((candidate) => !snapshot.takenUserNames.includes(candidate))
  if (name === undefined) return problem('username_taken', `The user name "${wish.names[0]}" is taken.`)
  const target = resolveTarget(type, 'userName')
  if ('problem' in target) return problem('attribute_invalid', target.problem)
  const read = valueForTarget(type, target, name)
  if ('problem' in read) return problem('attribute_invalid', read.problem)
  return read.value === undefined
    ? problem('required_attribute_missing', 'The login has no value for userName.')
    : { userName: read.value }
}

function refusalOf(facts: Facts, resource: Resource): Problem | null {
  try {
    validateResource(facts.type, resource)
    return null
  } catch (error) {
    if (error instanceof UsherError) return problem('attribute_invalid', error.detail)
    throw error
  }
}

function create(facts: Facts): StepResult {
  const attributes = attributesAtCreation(facts.mapped)
  const missing = checkRequired(facts, attributes)
  if (missing !== null) return missing
  const named = chooseUserName(facts)
  if ('result' in named) return named
  const resource = { userName: named.userName, ...attributes }
  const refusal = refusalOf(facts, resource)
  if (refusal !== null) return refusal
  return {
    result: 'pass',
    detail: `The user name is "${String(named.userName)}"; every mapped attribute with a value is written.`,
    facts: { resource, externalId: externalIdAtCreation(facts.mapped) },
  }
}

function sync(facts: Facts, user: UserState): StepResult {
  const { login, mapped, settings, source, type } = facts
  const { resource, shadowed, unapplied } = syncAttributes({
    type,
    resource: user.resource,
    sources: user.sources,
    locks: user.locks ?? [],
    mapped,
    settings,
    source,
    issuedAt: login.issuedAt,
  })
  const refusal = refusalOf(facts, resource)
  if (refusal !== null) return refusal
  const changed = attributeChanges(type, user.resource, resource, source).length
  const warnings = shadowed
    .filter(({ by }) => by === 'scim')
    .map(({ path }) => ({
      code: 'attribute_locked_by_scim' as const,
      detail: `"${path}" belongs to a SCIM client and stays as it is.`,
    }))
  const locked = shadowed.filter(({ by }) => by === 'lock')
  return {
    result: 'pass',
    detail: [
      `By the method ${settings.attributeSyncMethod} ${changed === 0 ? 'no attribute changes' : `${changed} change`}.`,
      ...warnings.map(({ detail }) => detail),
      ...locked.map(({ path }) => `"${path}" is locked by another connection and stays as it is.`),
    ].join(' '),
    facts: { resource, shadowed: shadowed.map(({ path, value }) => ({ path, value })), unapplied },
    warnings,
  }
}

/**
 * The attributes after the login: at creation everything that is mapped, later what the method leaves of it. The user
 * name is chosen once, at creation.
 */
export const attributesStep: Step = {
  name: 'attributes',
  run(facts) {
    if (!provisions(facts)) return { result: 'skip', detail: 'The connection writes nothing.' }
    const user = existingUser(facts)
    return user === null ? create(facts) : sync(facts, user)
  },
}
