import { dialectNames, dialects } from '../src/scim/dialects.ts'
import { switches } from '../src/scim/switches.ts'

type SwitchName = keyof typeof switches

/** The text of `docs/dialects.md`: what each switch means, and how each dialect sets it. */
export function dialectsPage(): string {
  const names = Object.keys(switches) as SwitchName[]
  return `# Dialects

A dialect is a preset of the switches below, chosen for each SCIM client (\`dialect\`). Switches exist only where the
RFCs and their clients contradict each other; what is the same for everybody is in [scim.md](scim.md). A switch holds
for what a client sends: what is stored stays readable under every dialect.

## What each dialect sets

Values in **bold** differ from \`rfc\`.

${presets(names)}

## What each switch means

${meanings(names)}

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
