/** What brings stored documents from the form of an earlier release, or of other settings, into the present one. */

export interface Migration {
  /** What it brings up to date. It is never changed: what was done is noted under it. */
  readonly name: string
  /** Only ever raised. A release that knows a lower one does not start on the database. */
  readonly version: number
  /** What its result depends on besides the version: with another basis everything is looked at again. */
  readonly basis: string
  /** How many documents there are to look at, about. */
  readonly size: () => Promise<number>
  /**
   * Looks at some documents behind `place` (null: at the beginning), and brings up to date what is not, unless it is to
   * write nothing. Looking twice does no harm.
   */
  readonly step: (place: string | null, writes: boolean) => Promise<MigrationStep>
}

export interface MigrationStep {
  readonly looked: number
  /** What was not up to date, by kind. */
  readonly changed: Readonly<Record<string, number>>
  /** What could not be brought up to date. */
  readonly refused: readonly RefusedDocument[]
  /** Null at the end. */
  readonly next: string | null
}

export interface RefusedDocument {
  /** The organization's id. */
  readonly organization: string
  readonly kind: string
  readonly id: string
  readonly reason: string
}

/** What a migration came to. */
export interface MigrationReport {
  readonly name: string
  readonly version: number
  readonly looked: number
  readonly changed: Readonly<Record<string, number>>
  /** The first of those that could not be brought up to date, and how many there are. */
  readonly refused: readonly RefusedDocument[]
  readonly refusals: number
}

/** Refusals that are named one by one. */
const namedRefusals = 100

export function emptyReport({ name, version }: Migration): MigrationReport {
  return { name, version, looked: 0, changed: {}, refused: [], refusals: 0 }
}

export function addStep(report: MigrationReport, { looked, changed, refused }: MigrationStep): MigrationReport {
  const sums = new Map(Object.entries(report.changed))
  for (const [kind, count] of Object.entries(changed)) sums.set(kind, (sums.get(kind) ?? 0) + count)
  return {
    ...report,
    looked: report.looked + looked,
    changed: Object.fromEntries(sums),
    refused: [...report.refused, ...refused].slice(0, namedRefusals),
    refusals: report.refusals + refused.length,
  }
}

/** `1200 in users, 1 in groups`; `nothing` where there is none. */
export function countsInWords(changed: Readonly<Record<string, number>>): string {
  const parts = Object.entries(changed).filter(([, count]) => count > 0)
  return parts.length === 0 ? 'nothing' : parts.map(([kind, count]) => `${count} in ${kind}`).join(', ')
}
