import type { TestContext } from 'node:test'
import type { TestProvider } from '../../provider/test-provider.ts'
import type { Figure } from '../storm.ts'

export interface Grounds {
  readonly provider: TestProvider
  /** Takes the figures of a storm, to be printed at the end. */
  readonly note: (figure: Figure) => void
}

/** Storms of one kind, each a test within one test, which owns what they share. */
export interface Chapter {
  readonly title: string
  readonly run: (t: TestContext, grounds: Grounds) => Promise<void>
}
