import { meantSchema } from '../schema/body-schemas.ts'
import { quote } from '../schema/reading.ts'
import { type PatchReading, refuse } from './reading.ts'

/**
 * Checks an `add` or `replace` of `schemas`. It changes nothing by itself, since a resource's schemas follow from the
 * attributes that it has; it may only name schemas that the resource type has.
 *
 * @param unknown what becomes of a URN that the resource type does not know
 * @throws UsherError `invalid_value`
 */
export function checkNamedSchemas(reading: PatchReading, value: unknown, unknown: 'ignore' | 'refuse'): void {
  const urns: readonly unknown[] = Array.isArray(value) ? value : [value]
  for (const urn of urns) {
    if (typeof urn !== 'string') throw refuse('invalid_value', '"schemas" must be a list of URIs.')
    if (meantSchema(reading.type, urn) !== undefined) continue
    if (unknown === 'refuse') throw refuse('invalid_value', `A ${reading.type.name} has no schema ${quote(urn)}.`)
    reading.note('unknown schema dropped')
  }
}
