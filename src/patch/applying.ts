import type { PatchSwitches } from './types.ts'

/** How operations are applied; handed down to the verbs. */
export interface Applying {
  readonly switches: PatchSwitches
  /** Takes the name of each tolerance that was needed. */
  readonly note: (name: string) => void
}
