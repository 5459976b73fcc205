import type { Command } from 'commander'
import { type Body, bodiesOf } from './client.ts'
import { show, type Terminal } from './terminal.ts'

const marks: Readonly<Record<string, string>> = { pass: '✔', skip: '·', warn: '!', refuse: '✖', fail: '✖' }

/** `usher connection …` and `usher decision …`: answers to "does it work" and "why". */
export function addAnswerCommands(program: Command, terminal: Terminal): void {
  program
    .command('connection')
    .description('test a connection to an identity provider')
    .command('test <org> <connection>')
    .description('ask the identity provider now for what logins need of it; ends with 1 when a check fails')
    .action(async (org: string, id: string) => {
      const answer = await terminal.client().call('POST', `/api/v1/organizations/${org}/connections/${id}/test`)
      show(terminal, answer, ({ checks }) => bodiesOf(checks).map(lineOf('check')))
      if (answer.ok !== true) process.exitCode = 1
    })
  program
    .command('decision')
    .description('explain what became of a login')
    .command('explain <org> <decision>')
    .description('tell by its id or reference why a login ended as it did')
    .action(async (org: string, id: string) => {
      const path = `/api/v1/organizations/${org}/decisions/${encodeURIComponent(id)}`
      show(terminal, await terminal.client().call('GET', path), explain)
    })
}

function explain(decision: Body): readonly string[] {
  const { reference, outcome, code, at, connection, configVersion, subject, user } = decision
  return [
    `${reference}  ${outcome}${code === null || code === undefined ? '' : ` (${code})`}`,
    `  at ${at}, by connection ${connection} with version ${configVersion} of its settings`,
    `  subject ${subject ?? 'unknown'}, user ${user ?? 'none'}`,
    ...bodiesOf(decision.steps).map(lineOf('step')),
    ...bodiesOf(decision.changes).map(
      ({ path, before, after }) => `  ${path}: ${JSON.stringify(before ?? null)} → ${JSON.stringify(after ?? null)}`,
    ),
    ...bodiesOf(decision.warnings).map((warning) => `! ${warning.code}: ${warning.detail}`),
  ]
}

function lineOf(name: string): (one: Body) => string {
  return (one) => {
    const code = typeof one.code === 'string' ? ` [${one.code}]` : ''
    return `${marks[String(one.result)] ?? ' '} ${String(one[name]).padEnd(10)} ${one.detail}${code}`
  }
}
