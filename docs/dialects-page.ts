import { dialectNames, dialects, type SwitchName } from '../src/scim/dialects.ts'
import { switches, switchNames } from '../src/scim/switches.ts'

/** The text of `docs/dialects.md`: what each switch means, and how each dialect sets it. */
export function dialectsPage(): string {
  return `# Dialects

A dialect is a preset of the switches below, chosen for each SCIM client (\`dialect\`). Switches exist only where the
RFCs and their clients contradict each other; what is the same for everybody is in [scim.md](scim.md). A switch holds
for what a client sends: what is stored stays readable under every dialect.

## What each dialect sets

Values in **bold** differ from \`rfc\`.

${presets(switchNames)}

## What each switch means

${meanings(switchNames)}

## One switch for one client

A SCIM client can have single switches otherwise than its dialect:

\`\`\`
call -X PATCH $API/globex/scim-clients/$CLIENT -d '{"switches":{"putMerge":"merge","patchAnswer":"empty"}}'
call -X PATCH $API/globex/scim-clients/$CLIENT -d '{"switches":{"patchAnswer":null}}'
\`\`\`

\`null\` puts the value of the dialect back; \`"switches": null\` does so for all. They stay when the dialect is changed.
\`GET …/scim-clients/{id}\` shows in \`effectiveSwitches\` what holds, and from which layer (\`client\` or \`dialect\`) it comes;
\`GET /api/v1/dialects\` has the tables above as JSON. In other processes a change holds within ten seconds.

With \`"putMerge": "merge"\` a PUT changes what it names, an extension's attributes one by one, and leaves the rest, the
members of a group too. What it names as \`null\` or \`[]\` is cleared.

This page is made from \`src/scim/dialects.ts\` and \`src/scim/switches.ts\` by \`npm run docs\`.
`
}

function presets(names: readonly SwitchName[]): string {
  const rows = names.map((name) => {
    const cells = dialectNames.map((dialect) => {
      const value = String(dialects[dialect][name])
      return value === String(dialects.rfc[name]) ? value : `**${value}**`
    })
    return `| \`${name}\` | ${cells.join(' | ')} |`
  })
  const head = dialectNames.map((dialect) => `\`${dialect}\``)
  return [`| Switch | ${head.join(' | ')} |`, `|---|${'---|'.repeat(dialectNames.length)}`, ...rows].join('\n')
}

function meanings(names: readonly SwitchName[]): string {
  const rows = names.flatMap((name) => {
    const { question, values } = switches[name]
    return Object.entries(values).map(([value, meaning], index) => {
      const first = index === 0 ? `\`${name}\` | ${question}` : ' | '
      return `| ${first} | \`${value}\` | ${meaning} |`
    })
  })
  return ['| Switch | It decides | Value | Meaning |', '|---|---|---|---|', ...rows].join('\n')
}
