import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { type Body, bodiesOf } from './client.ts'
import { show, type Terminal } from './terminal.ts'

/** `usher secrets reseal` */
export function addSecretCommands(program: Command, terminal: Terminal): void {
  program
    .command('secrets')
    .description('secrets that Usher keeps')
    .command('reseal')
    .description('seal every stored secret with the first key of USHER_SEALING_KEY, before an older key is taken away')
    .action(async () => {
      const sums = { resealed: 0, present: 0, unreadable: [] as Body[] }
      for (let cursor: unknown; ; ) {
        const body = typeof cursor === 'string' ? { cursor } : {}
        const part = await terminal.client().call('POST', '/api/v1/secrets/reseal', body)
        sums.resealed += Number(part.resealed)
        sums.present += Number(part.present)
        sums.unreadable.push(...bodiesOf(part.unreadable))
        cursor = part.nextCursor
        if (cursor === undefined) break
      }
      show(terminal, sums, () => [
        `${sums.resealed} sealed anew, ${sums.present} sealed by the first key already.`,
        ...sums.unreadable.map(({ organization, connection }) => `✖ ${organization}: connection ${connection}`),
      ])
      if (sums.unreadable.length > 0) {
        throw new CliError('No known key opens the secrets named above. Set them again, or bring their key back.')
      }
    })
}
