import { meetUnknown, quote, type Reading, syntaxError } from './reading.ts'
import type { Attribute } from './types.ts'

/**
 * The members of an object by the attribute that they are values of, whatever the case of their names. Unknown ones
 * are dropped or refused as the dialect has it.
 *
 * @param where what the object is, for the sentence of a refusal
 * @throws UsherError `invalid_syntax` for two spellings of one name
 */
export function collectMembers(
  reading: Reading,
  attributes: ReadonlyMap<string, Attribute>,
  object: Readonly<Record<string, unknown>>,
  where: string,
): ReadonlyMap<Attribute, unknown> {
  const members = new Map<Attribute, unknown>()
  for (const name of Object.keys(object)) {
    const attribute = attributes.get(name.toLowerCase())
    if (attribute === undefined) {
      meetUnknown(reading, name, where)
      continue
    }
    if (members.has(attribute)) throw syntaxError(`${where} has ${quote(name)} twice, in two spellings.`)
    members.set(attribute, object[name])
  }
  return members
}
