import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import type { Command } from 'commander'
import { type Body, bodiesOf, type Client } from './client.ts'
import type { Terminal } from './terminal.ts'

/** Resources that are lists of settings or of services, and nothing that is carried over. */
const notCarried: ReadonlySet<string> = new Set(['Role', 'Entitlement'])

/** `usher export` */
export function addExportCommand(program: Command, terminal: Terminal): void {
  program
    .command('export <org>')
    .description('write every resource of an organization, one SCIM resource a line (NDJSON)')
    .option('--out <file>', 'the file; standard output unless it is said')
    .action(async (org: string, { out }: { out?: string }) => {
      const output = out === undefined ? process.stdout : createWriteStream(out, { mode: 0o600 })
      const count = await exportOrganization(terminal.client(), org, output, terminal.tell)
      if (out !== undefined) {
        output.end()
        await once(output, 'finish')
      }
      terminal.tell(`${count} resources.`)
    })
}

/**
 * Writes the resources of an organization, one a line: groups last, so that their members come before them. What is
 * changed meanwhile may be there as it was before or after.
 *
 * @throws CliError when the server refuses
 */
export async function exportOrganization(
  client: Client,
  org: string,
  output: Writable,
  tell: (line: string) => void,
): Promise<number> {
  const base = `/scim/v2/${org}`
  let written = 0
  for (const { name, endpoint } of await typesOf(client, base)) {
    let ofType = 0
    for await (const { resource, total } of client.resources(`${base}${endpoint}`)) {
      if (!output.write(`${JSON.stringify(resource)}\n`)) await once(output, 'drain')
      written += 1
      ofType += 1
      if (ofType % 5_000 === 0) tell(`${name}: ${ofType} of ${total}`)
    }
  }
  return written
}

async function typesOf(client: Client, base: string): Promise<readonly { name: string; endpoint: string }[]> {
  const types = bodiesOf((await client.call('GET', `${base}/ResourceTypes`)).Resources)
    .map((type: Body) => ({ name: String(type.name), endpoint: String(type.endpoint) }))
    .filter(({ name }) => !notCarried.has(name))
  return [...types.filter(({ name }) => name !== 'Group'), ...types.filter(({ name }) => name === 'Group')]
}
