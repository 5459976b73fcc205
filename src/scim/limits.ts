/** What ServiceProviderConfig announces and the operations hold to. */
export const limits = {
  defaultPageSize: 100,
  maxPageSize: 1_000,
  /** Seconds between two pages of a cursor walk. */
  cursorTimeout: 600,
  maxOperations: 1_000,
  maxPayloadSize: 1_048_576,
} as const
