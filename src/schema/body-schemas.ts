import { quote, type Reading, syntaxError } from './reading.ts'
import type { ResourceType } from './types.ts'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:user'
const formerCore = ['urn:scim:schemas:core:1.0', 'urn:scim:schemas:core:2.0']
const formerEnterprise = ['urn:scim:schemas:extension:enterprise:1.0', 'urn:scim:schemas:extension:enterprise:2.0']

/**
 * The schema of the resource type that a URN of a body means, in lower case; undefined if it means none. URNs of SCIM
 * 1.1 and of the drafts of 2.0, which some clients still send, mean the current ones.
 */
export function meantSchema(type: ResourceType, urn: string): string | undefined {
  const text = urn.toLowerCase()
  if (text === type.schema.toLowerCase() || type.extensionAttributes.has(text)) return text
  if (!text.startsWith('urn:scim:schemas:')) return undefined
  const suffix = `:${type.name.toLowerCase()}`
  const former = text.endsWith(suffix) ? text.slice(0, -suffix.length) : text
  if (formerCore.includes(former)) return type.schema.toLowerCase()
  return formerEnterprise.includes(former) && type.extensionAttributes.has(enterprise) ? enterprise : undefined
}

/**
 * Checks the `schemas` of a POST or PUT (RFC 7643 section 3): the schema of the resource type must be among them,
 * others are dropped or refused as the dialect has it. What the resource gets follows from its attributes.
 *
 * @throws UsherError `invalid_syntax`
 */
export function checkBodySchemas(reading: Reading, value: unknown): void {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) {
    if (reading.switches.missingSchemas === 'require') throw syntaxError('The body has no "schemas".')
    reading.note('schemas inferred')
    return
  }
  if (typeof value === 'string') reading.note('single value for a list')
  const urns: unknown = typeof value === 'string' ? [value] : value
  if (!Array.isArray(urns)) throw syntaxError('"schemas" must be a list of URIs.')
  const base = reading.type.schema.toLowerCase()
  let hasBase = false
  for (const urn of urns as readonly unknown[]) {
    if (typeof urn !== 'string') throw syntaxError('"schemas" must be a list of URIs.')
    const meant = meantSchema(reading.type, urn)
    if (meant === base) hasBase = true
    if (meant === undefined) meetUnknownSchema(reading, urn)
    else if (meant !== urn.toLowerCase()) reading.note('former schema URI')
  }
  if (!hasBase) throw syntaxError(`"schemas" must name ${quote(reading.type.schema)}.`)
}

function meetUnknownSchema(reading: Reading, urn: string): void {
  if (reading.switches.unknownAttributes === 'refuse') {
    throw syntaxError(`A ${reading.type.name} has no schema ${quote(urn)}.`)
  }
  reading.note('unknown schema dropped')
}
