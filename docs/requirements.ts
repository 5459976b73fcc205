/** What RFC 7643, 7644, 9865 and 9967 ask of a service provider, one line each, and which tests show it. */
import { readFileSync } from 'node:fs'
import { testFilesBy } from './test-titles.ts'

export interface Requirement {
  /** `R112` */
  readonly id: string
  /** `7644 §3.5.2.1`; `–` where no RFC says anything. */
  readonly rfc: string
  readonly statement: string
  /** What Usher does where the RFCs leave a choice, or say nothing. */
  readonly choice: string | undefined
}

export interface RequirementSection {
  readonly title: string
  readonly requirements: readonly Requirement[]
}

/** `requirements.txt`: a section begins with `#`, a line is `id | RFC | statement | choice`, the last part optional. */
export function readRequirements(): readonly RequirementSection[] {
  const text = readFileSync(new URL('requirements.txt', import.meta.url), 'utf8')
  return text.split(/^# /m).flatMap((part) => {
    const [title = '', ...lines] = part.trim().split('\n')
    return title === '' ? [] : [{ title, requirements: lines.map(readRequirement) }]
  })
}

function readRequirement(line: string): Requirement {
  const [id = '', rfc = '', statement = '', choice] = line.split(' | ')
  return { id, rfc, statement, choice }
}

/** The test files by the ids in the titles of their tests; `R192–R196` in a title stands for each of them. */
export function readTestFiles(): ReadonlyMap<string, readonly string[]> {
  return testFilesBy(idsIn)
}

function* idsIn(title: string): Iterable<string> {
  for (const [, first, last = first] of title.matchAll(/\bR(\d+)(?:–R?(\d+))?\b/g)) {
    for (let number = Number(first); number <= Number(last); number += 1) yield `R${number}`
  }
}
