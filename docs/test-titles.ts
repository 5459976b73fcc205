/** The titles of all tests, and which files have which. */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The title of a test is its first argument, or `title` in a table of tests. */
const titles = /(?:\b(?:it|test)(?:\.\w+)?\(|\btitle:)\s*(['"`])((?:\\.|(?!\1).)*)\1/gs

/** The test files by what `idsIn` finds in the titles of their tests. */
export function testFilesBy(idsIn: (title: string) => Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const root = fileURLToPath(new URL('../', import.meta.url))
  const files = new Map<string, string[]>()
  for (const file of globSync('test/**/*.test.ts', { cwd: root }).sort()) {
    const text = readFileSync(`${root}${file}`, 'utf8')
    const ids = new Set([...text.matchAll(titles)].flatMap(([, , title = '']) => [...idsIn(title)]))
    for (const id of ids) files.set(id, [...(files.get(id) ?? []), file])
  }
  return files
}

/** Links to test files, for the last column of a page: `test/blackbox/scim-bulk.test.ts` is `blackbox/scim-bulk`. */
export function linksTo(files: readonly string[]): string {
  return files.map((file) => `[${file.replace(/^test\//, '').replace(/\.test\.ts$/, '')}](../${file})`).join(' ')
}
