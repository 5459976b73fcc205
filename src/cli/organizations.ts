import type { Command } from 'commander'
import type { Body } from './client.ts'
import { show, type Terminal, table } from './terminal.ts'

const api = '/api/v1/organizations'

const lines = (organization: Body) => [
  `${organization.slug}  ${organization.displayName ?? ''}`.trimEnd(),
  `  id            ${organization.id}`,
  `  default role  ${organization.defaultRole ?? 'none'}`,
  `  seat limit    ${organization.seatLimit ?? 'none'}`,
  `  made          ${organization.createdAt}`,
]

/** `usher organization …` */
export function addOrganizationCommands(program: Command, terminal: Terminal): void {
  const organization = program.command('organization').description('make, list and delete organizations')
  organization
    .command('list')
    .description('list organizations')
    .action(async () => {
      const found = await terminal.client().items(api)
      show(terminal, found, (all) =>
        table(
          ['SLUG', 'NAME', 'SEATS', 'MADE'],
          all.map(({ slug, displayName, seatLimit, createdAt }) => [slug, displayName, seatLimit, createdAt]),
        ),
      )
    })
  organization
    .command('show <org>')
    .description('show an organization')
    .action(async (org: string) => show(terminal, await terminal.client().call('GET', `${api}/${org}`), lines))
  organization
    .command('create <org>')
    .description('make an organization')
    .option('--name <name>', 'the name that people see')
    .option('--seats <number>', 'how many active users it may have')
    .action(async (org: string, { name, seats }: { name?: string; seats?: string }) => {
      const body = { slug: org, displayName: name, seatLimit: seats === undefined ? undefined : Number(seats) }
      show(terminal, await terminal.client().call('POST', api, body), lines)
    })
  organization
    .command('delete <org>')
    .description('delete an organization with everything in it')
    .requiredOption('--yes <org>', 'the slug once more: nothing brings the organization back')
    .action(async (org: string, { yes }: { yes: string }) => {
      if (yes !== org) program.error(`--yes names ${yes}, which is not ${org}. Nothing was deleted.`)
      await terminal.client().call('DELETE', `${api}/${org}`)
      terminal.tell(`${org} is deleted.`)
    })
}
