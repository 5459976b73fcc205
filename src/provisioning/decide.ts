import type { Source } from '../context.ts'
import type { Resource } from '../schema/types.ts'
import { attributesAtCreation, externalIdAtCreation } from './attribute-sync.ts'
import { attributeChanges, valueChange } from './changes.ts'
import { recordClaims } from './claim-record.ts'
import { addressKey, loginEmail } from './email.ts'
import { type DecisionInput, existingUser, type Facts, isCreation, type Step } from './facts.ts'
import { readSubject } from './lookups.ts'
import { readMappedValues } from './mapped-values.ts'
import { withSchemas } from './operations.ts'
import { attributesStep } from './steps/attributes.ts'
import { claimsStep } from './steps/claims.ts'
import { connectionStep } from './steps/connection.ts'
import { domainStep } from './steps/domain.ts'
import { groupsStep } from './steps/groups.ts'
import { identityStep } from './steps/identity.ts'
import { lifecycleStep } from './steps/lifecycle.ts'
import { matchStep } from './steps/match.ts'
import { operationsStep } from './steps/operations.ts'
import { rolesStep } from './steps/roles.ts'
import { seatsStep } from './steps/seats.ts'
import type { ChangeEntry, Decision, DecisionEffects, Outcome, Snapshot, StepRecord, Warning } from './types.ts'
import { wishUserNames } from './user-name.ts'

export type { DecisionInput }

/** The gates of a login, in the only order there is. */
const steps: readonly Step[] = [
  connectionStep,
  identityStep,
  claimsStep,
  matchStep,
  lifecycleStep,
  domainStep,
  attributesStep,
  groupsStep,
  rolesStep,
  seatsStep,
  operationsStep,
]

const noGrants = { add: [], remove: [], held: [], told: true }

function firstFacts(input: DecisionInput): Facts {
  const { settings } = input.connection
  const source: Source = `login:${input.connection.id}`
  return {
    ...input,
    settings,
    source,
    email: loginEmail(input.login.claims, settings.emailTrust, input.snapshot.domains),
    subject: null,
    person: { kind: 'unknown' },
    mapped: [],
    groupValues: null,
    roleValues: null,
    lifts: [],
    invitation: null,
    resource: {},
    externalId: null,
    shadowed: [],
    unapplied: [],
    groups: noGrants,
    roles: noGrants,
    operations: [],
  }
}

interface Run {
  readonly facts: Facts
  readonly records: readonly StepRecord[]
  readonly warnings: readonly Warning[]
  readonly refusal: Decision['code']
  /** The users in whom the reason of the refusal lies. */
  readonly found: readonly string[]
}

/** Runs the steps; after a refusal the remaining ones are neither run nor listed. */
function runSteps(first: Facts): Run {
  let facts = first
  const records: StepRecord[] = []
  const warnings: Warning[] = []
  for (const { name, run } of steps) {
    const result = run(facts)
    if (result.result === 'refuse') {
      records.push({ step: name, result: 'refuse', code: result.code, detail: result.detail })
      return { facts, records, warnings, refusal: result.code, found: result.users ?? [] }
    }
    facts = { ...facts, ...result.facts }
    const [warned] = result.warnings ?? []
    records.push(
      warned === undefined
        ? { step: name, result: result.result, detail: result.detail }
        : { step: name, result: 'warn', code: warned.code, detail: result.detail },
    )
    warnings.push(...(result.warnings ?? []))
  }
  return { facts, records, warnings, refusal: null, found: [] }
}

function outcomeOf({ facts, refusal }: Run): Outcome {
  if (facts.settings.mode === 'observe') return 'observed'
  if (refusal !== null) return 'refused'
  const { invitation, operations, person, settings } = facts
  if (settings.mode === 'off') return person.kind === 'linked' ? 'unchanged' : 'passed_through'
  if (person.kind === 'matched') return 'linked'
  if (person.kind !== 'linked') return 'created'
  return operations.length > 0 || (invitation?.roles.length ?? 0) > 0 ? 'updated' : 'unchanged'
}

function changesOf(facts: Facts): readonly ChangeEntry[] {
  const { groups, invitation, lifts, resource, roles, source, type } = facts
  const user = existingUser(facts)
  const invited: readonly ChangeEntry[] =
    invitation === null
      ? []
      : invitation.roles.map((role) => valueChange('roles', role, 'given', `invitation:${invitation.id}`))
  return [
    ...(lifts.length === 0 ? [] : [{ path: 'active', before: false, after: true, source }]),
    ...attributeChanges(type, user?.resource ?? {}, resource, source),
    ...roles.add.map((role) => valueChange('roles', role, 'given', source)),
    ...roles.remove.map((role) => valueChange('roles', role, 'taken', source)),
    ...groups.add.map((group) => valueChange('groups', group, 'given', source)),
    ...groups.remove.map((group) => valueChange('groups', group, 'taken', source)),
    ...invited,
  ]
}

function effectsOf(facts: Facts): DecisionEffects {
  const { connection, email, groups, invitation, person, subject } = facts
  const user = existingUser(facts)
  return {
    user: user?.id ?? null,
    version: user?.version ?? null,
    link: person.kind === 'linked' || subject === null ? null : { issuer: connection.issuer, subject },
    lift: facts.lifts.map(({ kind, source }) => ({ kind, source })),
    invitation: invitation?.id ?? null,
    invitationRoles: invitation?.roles ?? [],
    provisionedBy: invitation !== null && isCreation(facts) ? 'invitation' : 'login',
    shadowed: facts.shadowed,
    unapplied: facts.unapplied,
    heldRemovals: user === null ? [] : groups.held.map((group) => ({ group, user: user.id })),
    groupsTold: groups.told,
    externalId: facts.externalId,
    provenEmail: email?.verified === true ? addressKey(email.address) : null,
  }
}

/**
 * The mapped attributes as a partial SCIM User: what an application gets about a person of whom nothing is stored, or
 * when provisioning failed and the settings let the login go on.
 */
export function mappedProfile(
  { type, connection, login }: Pick<DecisionInput, 'type' | 'connection' | 'login'>,
  domains: Snapshot['domains'],
): Resource {
  const { settings } = connection
  const mapped = readMappedValues(type, settings.attributes, login.claims)
  const email = loginEmail(login.claims, settings.emailTrust, domains)
  const wish = wishUserNames(settings.userName, login.claims, email, readSubject(connection, login))
  const externalId = externalIdAtCreation(mapped)
  const [userName] = wish.kind === 'names' ? wish.names : []
  return withSchemas(type, {
    ...(externalId === null ? {} : { externalId }),
    ...(userName === undefined ? {} : { userName }),
    ...attributesAtCreation(mapped),
  })
}

/**
 * Decides a verified login. Pure: the same input gives the same decision, and nothing is read or written. Takes the
 * connection with its settings, the login, what the directory looked up for it (`lookups`), and the time.
 *
 * The decision says what would be executed, as SCIM operations, and what they mean beyond SCIM (`effects`); a refusal
 * has neither. In mode `observe` the outcome is always `observed`, `code` is what would have refused, and there are no
 * effects; in mode `off` there is nothing to execute. Never throws for what a login or the settings may hold.
 */
export function decide(input: DecisionInput): Decision {
  const run = runSteps(firstFacts(input))
  const { facts, refusal } = run
  const outcome = outcomeOf(run)
  const executes = refusal === null && facts.settings.mode !== 'off'
  const unknownToUs = outcome === 'passed_through' || outcome === 'observed'
  return {
    outcome,
    code: refusal,
    subject: facts.subject,
    user: outcome === 'passed_through' ? null : (existingUser(facts)?.id ?? null),
    found: run.found,
    steps: run.records,
    claims: recordClaims(facts.settings, input.login.claims),
    operations: executes ? facts.operations : [],
    changes: executes ? changesOf(facts) : [],
    warnings: run.warnings,
    profile: unknownToUs ? mappedProfile(input, input.snapshot.domains) : null,
    effects: executes && outcome !== 'observed' ? effectsOf(facts) : null,
  }
}
