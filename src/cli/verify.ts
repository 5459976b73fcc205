import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { type Body, bodiesOf } from './client.ts'
import { show, type Terminal } from './terminal.ts'

/** Milliseconds between two looks at the job. */
const look = 300

/** `usher verify` */
export function addVerifyCommand(program: Command, terminal: Terminal): void {
  program
    .command('verify <org>')
    .description(
      'look whether everything holds of the directory that always should; ends with 1 when something does not',
    )
    .action(async (org: string) => {
      const { job } = await terminal.client().call('POST', `/api/v1/organizations/${org}/verification`)
      const result = await resultOf(terminal, String(job))
      show(terminal, result, lines)
      if (result.ok !== true) process.exitCode = 1
    })
}

async function resultOf(terminal: Terminal, job: string): Promise<Body> {
  for (;;) {
    const { state, result, error } = await terminal.client().call('GET', `/api/v1/jobs/${job}`)
    if (state === 'failed') throw new CliError(`The verification has failed: ${error}`)
    if (state === 'done') return result as Body
    await sleep(look)
  }
}

function lines({ ok, looked, feed, violated, violations }: Body): readonly string[] {
  const counts = Object.entries(looked as Body).map(([kind, count]) => `${count} ${kind}`)
  const { seq, chain } = feed as Body
  const found = bodiesOf(violations)
  return [
    `Looked at ${counts.join(', ')}.`,
    `The feed stands at ${seq}${chain === '' ? '' : `, ${chain}`}.`,
    ...found.map(({ rule, subject, detail }) => `✖ ${rule}: ${subject}: ${detail}`),
    ...(Number(violated) > found.length ? [`✖ ${Number(violated) - found.length} more.`] : []),
    ok === true ? '✔ Everything holds.' : `✖ ${violated} found.`,
  ]
}
