/** What belongs to an organization: it carries the organization's internal id. */
export interface Scoped {
  readonly org: string
}
