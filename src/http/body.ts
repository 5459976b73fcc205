import type { IncomingMessage } from 'node:http'
import { UsherError } from '../errors.ts'
import { type BodyLimits, bodyLimits } from './body-limits.ts'
import { parseInPieces } from './json-pieces.ts'
import { parseMediaType } from './media-type.ts'

export interface BodyOptions {
  /** Accepted media types, in lower case. */
  readonly mediaTypes: readonly string[]
  /** Whether a body without Content-Type is read as JSON. */
  readonly untyped: 'accept' | 'refuse'
  readonly limits?: BodyLimits
  /** What a number becomes that was written like this; without it, what JSON makes of it. */
  readonly readNumber?: (value: number, written: string) => unknown
}

/** Bytes of JSON that are parsed at a time. */
const pieceLength = 65_536
/** How much of a body that is too large is still taken in, so that its sender gets to read the answer. */
const patience = { factor: 8, milliseconds: 2_000 }

/**
 * Reads the JSON object that a request carries. Undefined when there is no body at all.
 *
 * @throws UsherError `unsupported_media_type`, `payload_too_large`, `invalid_syntax`
 */
export async function readJsonBody(
  request: IncomingMessage,
  options: BodyOptions,
): Promise<Record<string, unknown> | undefined> {
  const limits = options.limits ?? bodyLimits
  const bytes = await readRawBody(request, options, limits.bytes)
  if (bytes === undefined) return undefined
  refuseByteOrderMark(bytes)
  const body = await parseInPieces(bytes, { limits, decode, parse: parserOf(options.readNumber), length: pieceLength })
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new UsherError('invalid_syntax', 'The body must be a JSON object.')
  }
  return body as Record<string, unknown>
}

/**
 * Reads the text that a request carries, of at most that many bytes. Undefined when there is no body at all.
 *
 * @throws UsherError `unsupported_media_type`, `payload_too_large`, `invalid_syntax`
 */
export async function readTextBody(
  request: IncomingMessage,
  options: Pick<BodyOptions, 'mediaTypes' | 'untyped'>,
  limit: number,
): Promise<string | undefined> {
  const bytes = await readRawBody(request, options, limit)
  if (bytes === undefined) return undefined
  refuseByteOrderMark(bytes)
  return decode(bytes)
}

async function readRawBody(
  request: IncomingMessage,
  options: Pick<BodyOptions, 'mediaTypes' | 'untyped'>,
  limit: number,
): Promise<Buffer | undefined> {
  if (!hasBody(request)) return undefined
  checkHeaders(request, options)
  const bytes = await readBytes(request, limit)
  return bytes.length === 0 ? undefined : bytes
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function checkHeaders(
  { headers }: IncomingMessage,
  { mediaTypes, untyped }: Pick<BodyOptions, 'mediaTypes' | 'untyped'>,
): void {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    throw new UsherError('unsupported_media_type', 'Compressed bodies are not supported.')
  }
  const contentType = headers['content-type']
  if (contentType === undefined || contentType.trim() === '') {
    if (untyped === 'accept') return
    throw unsupported(mediaTypes)
  }
  const type = parseMediaType(contentType)
  if (type === undefined || !mediaTypes.includes(type.name)) throw unsupported(mediaTypes)
  const charset = type.parameters.get('charset')
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new UsherError('unsupported_media_type', 'The body must be UTF-8; no other charset is supported.')
  }
}

function unsupported(mediaTypes: readonly string[]): UsherError {
  return new UsherError('unsupported_media_type', `The body must be ${mediaTypes.join(' or ')}.`)
}

function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () =>
    new UsherError('payload_too_large', `The body is larger than ${limit} bytes.`, { headers: { Connection: 'close' } })
  if (Number(request.headers['content-length'] ?? 0) > limit * patience.factor) return Promise.reject(tooLarge())

  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    let timer: NodeJS.Timeout | undefined
    const settle = (act: () => void) => {
      clearTimeout(timer)
      request.off('data', onData).off('end', onEnd).off('error', onLost).off('close', onLost)
      act()
    }
    const refuse = () => settle(() => reject(tooLarge()))
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) {
        chunks.push(chunk)
        return
      }
      chunks.length = 0
      timer ??= setTimeout(refuse, patience.milliseconds)
      if (size > limit * patience.factor) {
        request.pause()
        refuse()
      }
    }
    const onEnd = () => settle(() => (size > limit ? reject(tooLarge()) : resolve(Buffer.concat(chunks, size))))
    const onLost = () =>
      settle(() => reject(new UsherError('invalid_syntax', 'The connection ended before the body did.')))
    request.on('data', onData).on('end', onEnd).on('error', onLost).on('close', onLost)
  })
}

function refuseByteOrderMark(bytes: Buffer): void {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw new UsherError('invalid_syntax', 'The body begins with a byte order mark (RFC 8259 section 8.1).')
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new UsherError('invalid_syntax', 'The body is not UTF-8.', { cause })
  }
}

function parserOf(readNumber: BodyOptions['readNumber']): (text: string) => unknown {
  return readNumber === undefined ? (text) => JSON.parse(text) : (text) => JSON.parse(text, revive(readNumber))
}

/** The third argument is younger than the language library that types are checked against. */
function revive(readNumber: NonNullable<BodyOptions['readNumber']>) {
  return (_name: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined ? readNumber(value, context.source) : value
}
