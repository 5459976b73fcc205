import { refuseValue } from './constraints.ts'
import { parseDateTime } from './date-time.ts'
import { FractionForm } from './fraction-form.ts'
import { type Reading, syntaxError } from './reading.ts'
import type { Attribute } from './types.ts'

/** The highest number of UTF-16 units of a text; a user name is shown, typed and indexed, so it is kept shorter. */
export const textLimit = 16_384
export const userNameLimit = 512
/** The same for a binary value or a reference: a certificate chain, a photograph as a `data:` URI. */
export const binaryLimit = 1_048_576

// control, bidirectional and zero-width characters, line and paragraph separators, and whatever else shows nothing
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/
const notInReference = /[\p{Cc}\s<>"]/u
const alpha2 = /^[A-Za-z]{2}$/

/**
 * Checks one value of a simple attribute against its type (RFC 7643 section 2.3). Values are kept as they were sent;
 * only a boolean in quotes and a negative zero change. Undefined for the empty text: it is no value.
 *
 * @throws UsherError `invalid_value`; `invalid_syntax` for text that is not Unicode
 */
export function readSimple(
  reading: Reading,
  attribute: Attribute,
  value: unknown,
): string | number | boolean | undefined {
  if (value === '') return undefined
  switch (attribute.type) {
    case 'string':
      return readString(reading, attribute, value)
    case 'boolean':
      return readBoolean(reading, attribute, value)
    case 'integer':
      if (!Number.isSafeInteger(value)) throw refuseValue(reading.type, attribute, 'must be an integer below 2^53')
      return withoutNegativeZero(value as number)
    case 'decimal': {
      const number = value instanceof FractionForm ? value.value : value
      if (!Number.isFinite(number)) throw refuseValue(reading.type, attribute, 'must be a number')
      return withoutNegativeZero(number as number)
    }
    case 'dateTime': {
      const text = readText(reading, attribute, value, textLimit)
      if (parseDateTime(text) === undefined) {
        throw refuseValue(reading.type, attribute, 'must be a date with a time, such as "2026-01-31T09:30:00Z"')
      }
      return text
    }
    case 'binary':
      return readBinary(reading, attribute, value)
    default:
      return readReference(reading, attribute, value)
  }
}

function readText(reading: Reading, attribute: Attribute, value: unknown, limit: number): string {
  if (typeof value !== 'string') throw refuseValue(reading.type, attribute, 'must be a text')
  if (value.length > limit) throw refuseValue(reading.type, attribute, `must not be longer than ${limit} characters`)
  if (!value.isWellFormed()) throw syntaxError(`"${attribute.path}" holds half of a surrogate pair.`)
  return value
}

function readString(reading: Reading, attribute: Attribute, value: unknown): string {
  if (attribute.path === 'userName') {
    const userName = readText(reading, attribute, value, userNameLimit)
    // two names that look the same would be two users
    if (invisible.test(userName)) {
      throw refuseValue(reading.type, attribute, 'must not hold control, bidirectional or zero-width characters')
    }
    return userName
  }
  const text = readText(reading, attribute, value, textLimit)
  if (reading.switches.countryAlpha2 && attribute.path === 'addresses.country' && !alpha2.test(text)) {
    throw refuseValue(reading.type, attribute, 'must be a country code of two letters (ISO 3166-1)')
  }
  return text
}

function readBoolean(reading: Reading, attribute: Attribute, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string' && value.length <= 5 && reading.switches.stringBooleans === 'accept') {
    const word = value.toLowerCase()
    if (word === 'true' || word === 'false') {
      reading.note('boolean string')
      return word === 'true'
    }
  }
  throw refuseValue(reading.type, attribute, 'must be true or false')
}

/** Base64 or base64url, with or without padding (RFC 4648 sections 4 and 5). */
function readBinary(reading: Reading, attribute: Attribute, value: unknown): string {
  const text = readText(reading, attribute, value, binaryLimit)
  if (!base64.test(text)) throw refuseValue(reading.type, attribute, 'must be base64')
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const rest = (text.length - padding) % 4
  if (rest === 1 || (padding > 0 && rest + padding !== 4)) throw refuseValue(reading.type, attribute, 'must be base64')
  return text
}

function readReference(reading: Reading, attribute: Attribute, value: unknown): string {
  const text = readText(reading, attribute, value, binaryLimit)
  if (notInReference.test(text)) throw refuseValue(reading.type, attribute, 'must be a URI')
  return text
}

function withoutNegativeZero(value: number): number {
  return value === 0 ? 0 : value
}
