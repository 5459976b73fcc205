import { type Requirement, readRequirements, readTestFiles } from './requirements.ts'
import { linksTo } from './test-titles.ts'

/** What is not offered, or not ours to show, and why. Anything else must have a test. */
export const notOffered: Readonly<Record<string, string>> = {
  R244: 'nothing to write: no credential stands for a person, so that /Me is 501',
  R283: 'not built: the change feed of the admin API holds what events would',
}

/** The text of `docs/conformance.md`: each requirement with its section of the RFC, our choice and its tests. */
export function conformancePage(): string {
  const files = readTestFiles()
  const sections = readRequirements().map(({ title, requirements }) =>
    [
      `## ${title}`,
      '',
      '| Id | RFC | What is asked | Where the RFCs leave a choice | Tests |',
      '|---|---|---|---|---|',
      ...requirements.map((requirement) => row(requirement, files.get(requirement.id) ?? [])),
    ].join('\n'),
  )
  return `# Conformance

What RFC 7643 and RFC 7644 (with their errata), RFC 9865 and RFC 9967 ask of a SCIM service provider, in a few words, and
the tests that show it: the id of the line is in the titles of the tests. \`–\` in the second column: no RFC says anything.
\`Switch …\` is decided by the dialect of the SCIM client ([dialects.md](dialects.md)). Besides these tests the checker
\`scim2-tester\`, a Python package, runs against the whole
([scim2-tester.test.ts](../test/blackbox/scim2-tester.test.ts)).

## Not offered

${Object.entries(notOffered)
  .map(([id, reason]) => `- **${id}**: ${reason}.`)
  .join('\n')}

${sections.join('\n\n')}

This page is made from \`docs/requirements.txt\` and the titles of the tests by \`npm run docs\`.
`
}

function row({ id, rfc, statement, choice }: Requirement, files: readonly string[]): string {
  return `| ${id} | ${rfc} | ${statement} | ${notOffered[id] === undefined ? (choice ?? '') : 'Not offered'} | ${linksTo(files)} |`
}
