import { readHostileInputs, readHostileTests } from './hostile-inputs.ts'
import { linksTo } from './test-titles.ts'

/** Rows without a test, and why. Each goes from here with the first test that names it. */
export const notYet: Readonly<Record<string, string>> = {}

/** The section of rows without a test; nothing when there are none. */
function untested(): string {
  const rows = Object.entries(notYet).map(([row, reason]) => `- **Row ${row}**: ${reason}.`)
  return rows.length === 0 ? '' : `## Not yet\n\n${rows.join('\n')}\n\n`
}

/** The text of `docs/hostile-inputs.md`: each row with its tests. */
export function hostileInputsPage(): string {
  const files = readHostileTests()
  const sections = readHostileInputs().map(({ title, inputs }) =>
    [
      `## ${title}`,
      '',
      '| Row | What comes | What is answered | Tests |',
      '|---|---|---|---|',
      ...inputs.map(({ row, input, answer }) => {
        const tests = notYet[row] === undefined ? linksTo(files.get(String(row)) ?? []) : 'Not yet'
        return `| ${row} | ${input} | ${answer} | ${tests} |`
      }),
    ].join('\n'),
  )
  return `# Hostile inputs and faults

What comes that should not come, what is done about it, and the tests that show it: the number of the row is in the
titles of the tests (\`row 38\`). Refusals of SCIM are SCIM errors (RFC 7644 section 3.12), those of the admin API problem
documents (RFC 9457); nothing is changed by what is refused.

${untested()}${sections.join('\n\n')}

This page is made from \`docs/hostile-inputs.txt\` and the titles of the tests by \`npm run docs\`.
`
}
