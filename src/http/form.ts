import type { IncomingMessage } from 'node:http'
import { UsherError } from '../errors.ts'
import { readTextBody } from './body.ts'

const limits = { bytes: 65_536, parameters: 50 }

/**
 * Reads the form that a request carries (`application/x-www-form-urlencoded`), by name. A parameter without a value
 * counts as absent, one that is there twice is refused (RFC 6749 section 3.2). Without a body there are none.
 *
 * @throws UsherError `unsupported_media_type`, `payload_too_large`, `invalid_syntax`, `invalid_request`
 */
export async function readFormBody(request: IncomingMessage): Promise<ReadonlyMap<string, string>> {
  const form = { mediaTypes: ['application/x-www-form-urlencoded'], untyped: 'refuse' } as const
  const entries = [...new URLSearchParams((await readTextBody(request, form, limits.bytes)) ?? '')]
  if (entries.length > limits.parameters) throw new UsherError('invalid_request', 'The form has too many parameters.')
  const parameters = new Map<string, string>()
  for (const [name, value] of entries) {
    if (value === '') continue
    if (parameters.has(name)) throw new UsherError('invalid_request', 'A parameter is there more than once.')
    parameters.set(name, value)
  }
  return parameters
}
