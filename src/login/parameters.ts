import { UsherError } from '../errors.ts'

const maxLength = 4096

/**
 * A query parameter, or undefined. Twice the same name could mean one thing here and another elsewhere, so it is
 * refused (RFC 6749 section 3.1).
 *
 * @throws UsherError `invalid_request`
 */
export function parameter(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name)
  if (values.length > 1) throw new UsherError('invalid_request', `\`${name}\` is given more than once.`)
  const [value] = values
  if (value !== undefined && value.length > maxLength) {
    throw new UsherError('invalid_request', `\`${name}\` is too long.`)
  }
  return value
}
