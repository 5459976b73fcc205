import { meetsCondition } from '../claim-filter.ts'
import { readClaim, type ValuesReading, valuesOf } from '../claims.ts'
import { readExpression } from '../expression/expression.ts'
import { type Facts, refuse, type Step } from '../facts.ts'
import { grantRules } from '../grant-rules.ts'
import { readMappedValues } from '../mapped-values.ts'
import type { Warning } from '../types.ts'

interface GrantClaim {
  readonly values: ValuesReading | null
  readonly warnings: readonly Warning[]
}

/** @param name of the claim, or of the setting that holds an expression */
function warningsOf(name: string, values: ValuesReading): readonly Warning[] {
  switch (values.kind) {
    case 'absent':
      return [{ code: 'groups_claim_missing', detail: `The login has no ${name}.` }]
    case 'overage':
      return [{ code: 'groups_overage', detail: `The provider left ${name} out, or it has too many values.` }]
    case 'malformed':
      return [{ code: 'claim_malformed', detail: `The ${name} is not used: ${values.reason}.` }]
    case 'values':
      return []
  }
}

function readGrantClaim({ login, settings }: Facts, kind: 'group' | 'role'): GrantClaim {
  const { reads } = grantRules(kind === 'group' ? settings.groups : settings.roles, kind)
  if (reads === null) return { values: null, warnings: [] }
  if ('expression' in reads) {
    const values = valuesOf(readExpression(reads.expression, login.claims))
    return { values, warnings: warningsOf(`value for the expression of "${kind}s"`, values) }
  }
  const values = valuesOf(readClaim(login.claims, reads.claim))
  return { values, warnings: warningsOf(`claim "${reads.claim}"`, values) }
}

/** Groups and roles may be read from one claim: what is wrong with it is said once. */
function distinct(warnings: readonly Warning[]): readonly Warning[] {
  return [...new Map(warnings.map((warning) => [`${warning.code} ${warning.detail}`, warning])).values()]
}

/** The conditions on the claims hold; and every claim that the settings name is read, each in the way it is there. */
export const claimsStep: Step = {
  name: 'claims',
  run(facts) {
    const { login, settings, type } = facts
    const failed = settings.claimFilter.find((condition) => !meetsCondition(condition, login.claims))
    if (failed !== undefined) {
      return refuse(
        'claim_filter_failed',
        `The claim "${failed.claim}" does not meet the condition "${failed.operator}".`,
      )
    }
    const mapped = readMappedValues(type, settings.attributes, login.claims)
    const malformed = mapped.flatMap(({ target, reading }): Warning[] =>
      reading.kind === 'malformed'
        ? [{ code: 'claim_malformed', detail: `The value for "${target.canonical}" is not used: ${reading.reason}` }]
        : [],
    )
    const groups = readGrantClaim(facts, 'group')
    const roles = readGrantClaim(facts, 'role')
    const warnings = distinct([...malformed, ...groups.warnings, ...roles.warnings])
    const filters = settings.claimFilter.length
    return {
      result: 'pass',
      detail:
        warnings.length > 0
          ? warnings.map(({ detail }) => detail).join(' ')
          : `${filters === 0 ? 'There are no conditions' : `All ${filters} conditions hold`}; the claims were read.`,
      facts: { mapped, groupValues: groups.values, roleValues: roles.values },
      warnings,
    }
  },
}
