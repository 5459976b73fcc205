/**
 * The one error class and the one catalogue of codes. Every answer that is not a success, in whichever
 * protocol's form, is made from an entry of this table; `docs/errors.md` lists the same entries.
 */

/** SCIM error keywords: RFC 7644 Table 9 and RFC 9865 section 2.1. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'sensitive'
  | 'invalidCursor'
  | 'expiredCursor'
  | 'invalidCount'

interface CatalogueEntry {
  readonly status: number
  readonly title: string
  readonly scimType?: ScimType
}

const entries = {
  // SCIM keywords
  invalid_filter: { status: 400, scimType: 'invalidFilter', title: 'The filter cannot be read' },
  too_many: { status: 400, scimType: 'tooMany', title: 'The request would return or examine too much' },
  uniqueness: { status: 409, scimType: 'uniqueness', title: 'A value that must be unique is taken' },
  mutability: { status: 400, scimType: 'mutability', title: 'The attribute cannot be changed like this' },
  invalid_syntax: { status: 400, scimType: 'invalidSyntax', title: 'The message is not of the expected form' },
  invalid_path: { status: 400, scimType: 'invalidPath', title: 'The path of the operation is not valid' },
  no_target: { status: 400, scimType: 'noTarget', title: 'The path matches nothing that could be changed' },
  invalid_value: { status: 400, scimType: 'invalidValue', title: 'A value is missing or not acceptable' },
  invalid_version: { status: 400, scimType: 'invalidVers', title: 'This version of SCIM is not supported' },
  sensitive: { status: 403, scimType: 'sensitive', title: 'The request carries sensitive data in its URL' },
  invalid_cursor: { status: 400, scimType: 'invalidCursor', title: 'The cursor is not valid for this request' },
  expired_cursor: { status: 400, scimType: 'expiredCursor', title: 'The cursor has expired' },
  invalid_count: { status: 400, scimType: 'invalidCount', title: 'The count is not valid for this cursor' },

  // HTTP
  unauthorized: { status: 401, title: 'Credentials are missing or not valid' },
  forbidden: { status: 403, title: 'The credential does not allow this' },
  not_found: { status: 404, title: 'There is no such resource' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  not_acceptable: { status: 406, title: 'None of the accepted media types can be produced' },
  conflict: { status: 409, title: 'The resource keeps changing; try again' },
  precondition_failed: { status: 412, title: 'The resource is not in the version that the request names' },
  payload_too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'The media type of the body is not supported' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Something went wrong on our side' },
  not_implemented: { status: 501, title: 'This is not supported' },
  provider_failed: { status: 502, title: 'The identity provider did not answer as it should' },
  unavailable: { status: 503, title: 'The service cannot answer at the moment' },

  // Administration
  validation_failed: { status: 400, title: 'The body does not validate' },
  invalid_request: { status: 400, title: 'The request is not valid' },
  already_exists: { status: 409, title: 'The name is taken' },
  domain_taken: { status: 409, title: 'The domain is verified by another organization' },
  immutable: { status: 409, title: 'This field cannot be changed later' },
  in_use: { status: 409, title: 'Something else still refers to this' },
  already_answered: { status: 409, title: 'Somebody has answered this already' },
  already_linked: { status: 409, title: 'The person or the user has another link at this connection' },
  issuer_invalid: { status: 400, title: 'The issuer cannot be used' },
  merge_refused: { status: 409, title: 'The two users cannot become one' },
  privileged_grant_refused: { status: 403, title: 'Privileged roles need the operator or a key for them' },
  last_admin_kept: { status: 403, title: 'The last active holder of a privileged role keeps it' },

  // Access tokens: the words of RFC 6749 section 5.2
  invalid_client: { status: 401, title: 'The client is not authenticated' },
  unsupported_grant_type: { status: 400, title: 'This grant type is not supported' },
  invalid_scope: { status: 400, title: 'There is no such scope, or the client may not have it' },

  // Logins: not genuine
  token_invalid: { status: 400, title: 'This is not a genuine login' },

  // Logins: refused
  connection_disabled: { status: 403, title: 'The connection is switched off' },
  jit_disabled: { status: 403, title: 'People without an account cannot sign in by this connection' },
  issuer_mismatch: { status: 403, title: 'The identity provider announces another issuer' },
  subject_missing: { status: 403, title: 'The login does not say who the person is' },
  claim_filter_failed: { status: 403, title: 'The login does not meet the conditions of the connection' },
  domain_not_allowed: { status: 403, title: 'The domain of the e-mail address does not belong to the organization' },
  domain_lapsed: { status: 403, title: 'The proof of the domain has lapsed' },
  required_attribute_missing: { status: 403, title: 'An attribute that is required has no value' },
  attribute_invalid: { status: 403, title: 'An attribute has a value that cannot be stored' },
  email_unverified: { status: 403, title: 'The e-mail address is not verified' },
  match_ambiguous: { status: 403, title: 'More than one user matches the login' },
  match_target_protected: { status: 403, title: 'The matching user may not be linked by a rule' },
  linked_to_other_subject: { status: 403, title: 'The matching user is linked to another subject' },
  link_removed: { status: 403, title: 'The link between this person and the user was closed' },
  user_not_found: { status: 403, title: 'No user matches the login' },
  username_taken: { status: 403, title: 'The user name is taken' },
  user_suspended: { status: 403, title: 'The user is suspended' },
  user_locked: { status: 403, title: 'The user is locked' },
  user_deactivated_by_scim: { status: 403, title: 'The user was deactivated by a SCIM client' },
  user_deactivated_by_admin: { status: 403, title: 'The user was deactivated by an administrator' },
  user_deleted: { status: 403, title: 'The user was deleted' },
  seat_limit_reached: { status: 403, title: 'The organization has no free seat' },
  rate_limited: { status: 403, title: 'Too many users were created within the hour' },
  provisioning_failed: { status: 403, title: 'The user could not be provisioned' },
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof entries

/** Every code with its HTTP status, title and SCIM keyword. */
export const errorCatalogue: Readonly<Record<ErrorCode, CatalogueEntry>> = entries

/** What is wrong with one member of a body; `path` is a JSON-pointer-like dotted path. */
export interface FieldError {
  readonly path: string
  readonly message: string
}

export interface ErrorOptions {
  /** For the log only; never shown. */
  readonly cause?: unknown
  readonly errors?: readonly FieldError[]
  /** Seconds, for the `Retry-After` header. */
  readonly retryAfter?: number
  /** Response headers that belong to the refusal, such as `Allow` or `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Further members of a problem document, such as `decisionId` and `reference`. */
  readonly members?: Readonly<Record<string, unknown>>
}

/** A refusal or failure that has a place in the catalogue. `detail` is public: a sentence a person can act on. */
export class UsherError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly scimType: ScimType | undefined
  readonly title: string
  readonly detail: string
  readonly errors: readonly FieldError[]
  readonly retryAfter: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly members: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, detail: string, options: ErrorOptions = {}) {
    super(detail, { cause: options.cause })
    this.name = 'UsherError'
    const entry: CatalogueEntry = entries[code]
    this.code = code
    this.status = entry.status
    this.scimType = entry.scimType
    this.title = entry.title
    this.detail = detail
    this.errors = options.errors ?? []
    this.retryAfter = options.retryAfter
    this.headers = options.headers ?? {}
    this.members = options.members ?? {}
  }
}
