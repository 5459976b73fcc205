import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import type { Position } from '../directory/types.ts'
import { UsherError } from '../errors.ts'
import { limits } from './limits.ts'

/** What a cursor is good for: everything but the place in the walk. */
export interface CursorBinding {
  readonly organization: string
  /** The source of the caller. */
  readonly caller: string
  /** Name of the resource type. */
  readonly resourceType: string
  readonly filter: string | undefined
  readonly sortBy: string | undefined
  readonly sortOrder: string | undefined
}

export interface CursorPlace {
  /** Null: before the first row. */
  readonly position: Position | null
  readonly count: number
  /** What the first page counted. */
  readonly total: number | null
}

interface Sealed extends CursorPlace {
  readonly query: string
  readonly issuedAt: number
}

const version = 1
const nonceLength = 12
const tagLength = 16

/**
 * Makes a cursor (RFC 9865): stateless, so that any process can continue the walk; sealed, so that nobody can read the
 * sort values in it or make one up. Its alphabet is that of base64url.
 */
export function sealCursor(keys: readonly Uint8Array[], binding: CursorBinding, place: CursorPlace, now: Date): string {
  const key = keys[0]
  if (key === undefined) throw new UsherError('internal_error', 'There is no key for cursors.')
  const sealed: Sealed = { ...place, query: hashOf(binding), issuedAt: now.getTime() }
  const nonce = randomBytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(audience(binding))
  const content = Buffer.concat([cipher.update(JSON.stringify(sealed)), cipher.final()])
  return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), content]).toString('base64url')
}

/**
 * Opens a cursor that this caller got for this query. One text for every reason, so that it says nothing about how the
 * cursor is made.
 *
 * @param count what the request asks for; undefined leaves it as it was
 * @throws UsherError `invalid_cursor`, `expired_cursor`, `invalid_count`
 */
export function openCursor(
  keys: readonly Uint8Array[],
  binding: CursorBinding,
  cursor: string,
  count: number | undefined,
  now: Date,
): CursorPlace {
  const sealed = unseal(keys, binding, cursor)
  if (sealed === undefined || sealed.query !== hashOf(binding)) {
    throw new UsherError('invalid_cursor', 'The cursor is not valid for this request.')
  }
  if (now.getTime() - sealed.issuedAt > limits.cursorTimeout * 1_000) {
    throw new UsherError('expired_cursor', `A cursor is valid for ${limits.cursorTimeout} seconds.`)
  }
  if (count !== undefined && count !== sealed.count) {
    throw new UsherError('invalid_count', 'The count must stay the same from page to page.')
  }
  return { position: sealed.position, count: sealed.count, total: sealed.total }
}

function unseal(keys: readonly Uint8Array[], binding: CursorBinding, cursor: string): Sealed | undefined {
  if (!/^[\w-]+$/.test(cursor)) return undefined
  const bytes = Buffer.from(cursor, 'base64url')
  // More than one text decodes to the same bytes; only the one that was handed out is a cursor.
  if (bytes[0] !== version || bytes.length <= 1 + nonceLength + tagLength) return undefined
  if (bytes.toString('base64url') !== cursor) return undefined
  const nonce = bytes.subarray(1, 1 + nonceLength)
  const tag = bytes.subarray(1 + nonceLength, 1 + nonceLength + tagLength)
  const content = bytes.subarray(1 + nonceLength + tagLength)
  for (const key of keys) {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength })
    decipher.setAAD(audience(binding)).setAuthTag(tag)
    try {
      return JSON.parse(Buffer.concat([decipher.update(content), decipher.final()]).toString()) as Sealed
    } catch {
      // Not this key: another may have sealed it.
    }
  }
  return undefined
}

function audience({ organization, caller, resourceType }: CursorBinding): Buffer {
  return Buffer.from(JSON.stringify([organization, caller, resourceType]))
}

function hashOf({ filter, sortBy, sortOrder }: CursorBinding): string {
  const query = JSON.stringify([filter ?? null, sortBy ?? null, sortOrder ?? null])
  return createHash('sha256').update(query).digest('base64url').slice(0, 22)
}
