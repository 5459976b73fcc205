/** What RFC 7643, 7644, 9865 and 9967 ask of a service provider, one line each, and which tests show it. */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

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
  const root = fileURLToPath(new URL('../', import.meta.url))
  const files = new Map<string, string[]>()
  for (const file of globSync('test/**/*.test.ts', { cwd: root }).sort()) {
    for (const id of idsIn(readFileSync(`${root}${file}`, 'utf8'))) files.set(id, [...(files.get(id) ?? []), file])
  }
  return files
}

/** The title of a test is its first argument, or `title` in a table of tests. */
const titles = /(?:\b(?:it|test)(?:\.\w+)?\(|\btitle:)\s*(['"`])((?:\\.|(?!\1).)*)\1/gs

function idsIn(text: string): ReadonlySet<string> {
  const ids = new Set<string>()
  for (const [, , title = ''] of text.matchAll(titles)) {
    for (const [, first, last = first] of title.matchAll(/\bR(\d+)(?:–R?(\d+))?\b/g)) {
      for (let number = Number(first); number <= Number(last); number += 1) ids.add(`R${number}`)
    }
  }
  return ids
}
