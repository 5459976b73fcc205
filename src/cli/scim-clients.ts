import type { Command } from 'commander'
import { type Body, bodiesOf, type Client } from './client.ts'
import { show, type Terminal, table } from './terminal.ts'

const api = (org: string) => `/api/v1/organizations/${org}/scim-clients`

/** `usher scim-client …` and `usher token …` */
export function addScimClientCommands(program: Command, terminal: Terminal): void {
  const client = program.command('scim-client').description('make and list SCIM clients')
  client
    .command('list <org>')
    .description('list the SCIM clients of an organization')
    .action(async (org: string) => {
      const found = await terminal.client().items(api(org))
      show(terminal, found, (all) =>
        table(
          ['ID', 'NAME', 'DIALECT', 'ON EXISTING', 'SCOPES'],
          all.map(({ id, name, dialect, onExisting, scopes }) => [id, name, dialect, onExisting, wordsOf(scopes)]),
        ),
      )
    })
  client
    .command('create <org>')
    .description('make a SCIM client; its token is shown once')
    .requiredOption('--name <name>', 'what it is called')
    .option('--dialect <dialect>', 'rfc, entra, okta, onelogin, google or interop-strict')
    .option('--on-existing <choice>', 'conflict or adopt')
    .option(
      '--scopes <scopes>',
      'what its tokens are for, such as "scim.users scim.groups.read"; everything by default',
    )
    .action(async (org: string, { name, dialect, onExisting, scopes }: Readonly<Record<string, string>>) => {
      const body = { name, dialect, onExisting, scopes: scopes?.split(' ') }
      const made = await terminal.client().call('POST', api(org), body)
      show(terminal, made, ({ id, baseUrl, token }) => [
        `id        ${id}`,
        `base URL  ${baseUrl}`,
        `token     ${token}`,
      ])
    })

  const token = program.command('token').description("replace a SCIM client's token")
  token
    .command('list <org> <client>')
    .description('list the tokens of a SCIM client')
    .action(async (org: string, id: string) => {
      show(terminal, await tokensOf(terminal.client(), org, id), (all) =>
        table(
          ['ID', 'BEGINS', 'MADE', 'EXPIRES', 'LAST USED'],
          all.map((one) => [one.id, one.prefix, one.createdAt, one.expiresAt, one.lastUsed]),
        ),
      )
    })
  token
    .command('rotate <org> <client>')
    .description('make a new token beside the present ones; give it to the client, then revoke them')
    .option('--expires <time>', 'when it ends, as an ISO 8601 date and time; a year from now unless it is said')
    .action(async (org: string, id: string, { expires }: { expires?: string }) => {
      const before = await tokensOf(terminal.client(), org, id)
      const made = await terminal.client().call('POST', `${api(org)}/${id}/tokens`, { expiresAt: expires })
      show(terminal, made, (one) => [`token    ${one.token}`, `expires  ${one.expiresAt}`])
      terminal.tell(
        `Still valid: ${before.map((one) => one.id).join(', ') || 'none'}. End one with: usher token revoke`,
      )
    })
  token
    .command('revoke <org> <client> <token>')
    .description('end a token, by its id')
    .action(async (org: string, id: string, tokenId: string) => {
      await terminal.client().call('DELETE', `${api(org)}/${id}/tokens/${tokenId}`)
      terminal.tell('The token is revoked.')
    })
}

function wordsOf(list: unknown): string {
  return Array.isArray(list) ? list.join(' ') : ''
}

async function tokensOf(client: Client, org: string, id: string): Promise<readonly Body[]> {
  return bodiesOf((await client.call('GET', `${api(org)}/${id}`)).tokens)
}
