import { settingsTable } from '../src/config.ts'

/** The text of `docs/settings.md`: the table that is made from the definition of the settings, and how to set them. */
export function settingsPage(): string {
  return `# Settings

Settings are environment variables. Each can also come from a file: \`USHER_ADMIN_TOKEN_FILE=/run/secrets/token\` reads
\`USHER_ADMIN_TOKEN\` from that file, \`MONGODB_URI_FILE\` the address of the database. One line break at the end of the
file is no part of the value. An empty variable counts as not set; setting both a variable and its file is refused.

Everything is checked at start. Unknown \`USHER_…\` names and values that cannot be used are all listed, and the
process ends with exit code 2. (Names that begin with \`USHER_TEST_\` belong to test runs and are left alone.)

${settingsTable()}

This page is made from \`src/config.ts\` by \`npm run docs\`.
`
}
