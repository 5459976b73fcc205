import { UsherError } from '../errors.ts'

/** Why a login is not genuine, in words that may label a metric. */
export type NotGenuineReason =
  | 'malformed'
  | 'too_large'
  | 'algorithm'
  | 'header'
  | 'key'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'time'
  | 'nonce'
  | 'subject'
  | 'userinfo'
  | 'state'
  | 'response'

/** Kept as the cause of a `token_invalid`, for counters and the log. */
export class NotGenuine extends Error {
  readonly reason: NotGenuineReason

  constructor(reason: NotGenuineReason, options?: { readonly cause?: unknown }) {
    super(reason, options)
    this.name = 'NotGenuine'
    this.reason = reason
  }
}

/** Makes the error for a login that is not genuine. `detail` is public and never repeats a token or a claim. */
export function notGenuine(reason: NotGenuineReason, detail: string, cause?: unknown): UsherError {
  return new UsherError('token_invalid', detail, { cause: new NotGenuine(reason, { cause }) })
}

/** The reason that an error carries; undefined for errors that mean something else. */
export function notGenuineReason(error: unknown): NotGenuineReason | undefined {
  if (!(error instanceof UsherError) || error.code !== 'token_invalid') return undefined
  return error.cause instanceof NotGenuine ? error.cause.reason : 'response'
}
