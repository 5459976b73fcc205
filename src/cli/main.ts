/** The command line: everything besides the server itself talks to a running Usher. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { addAnswerCommands } from './answers.ts'
import { CliError } from './cli-error.ts'
import { Client } from './client.ts'
import { addExportCommand } from './export.ts'
import { addImportCommand } from './import.ts'
import { addOrganizationCommands } from './organizations.ts'
import { addScimClientCommands } from './scim-clients.ts'
import { addSecretCommands } from './secrets.ts'
import type { Terminal } from './terminal.ts'
import { addVerifyCommand } from './verify.ts'

interface GlobalOptions {
  readonly url?: string
  readonly tokenFile?: string
  readonly json?: boolean
}

const program = new Command('usher')
  .description('One SCIM 2.0 directory on MongoDB, and where federated logins provision people just in time.')
  .option('--url <url>', 'where Usher runs; USHER_PUBLIC_URL, or http://127.0.0.1:8080, unless it is said')
  .option('--token-file <file>', "file with the operator's token or an API key; USHER_ADMIN_TOKEN unless it is said")
  .option('--json', 'show answers as JSON')
  .version(packageVersion(), '--version')
  .showHelpAfterError()

program.command('serve').description('serve; settings come from the environment (docs/settings.md)')
program
  .command('migrate')
  .description('bring the database into the form of this release without serving, by the settings of the server')
  .option('--dry-run', 'tell what would be done, and write nothing')
const terminal: Terminal = {
  client: () => new Client(targetOf(program.opts<GlobalOptions>())),
  json: () => program.opts<GlobalOptions>().json === true,
  print: (line) => console.log(line),
  tell: (line) => console.error(line),
}
addOrganizationCommands(program, terminal)
addScimClientCommands(program, terminal)
addSecretCommands(program, terminal)
addVerifyCommand(program, terminal)
addAnswerCommands(program, terminal)
addExportCommand(program, terminal)
addImportCommand(program, terminal)
program
  .command('bench')
  .description('measure operations against the bare driver and Express; options as of `npm run bench`')
  .allowUnknownOption()
  .argument('[options...]')
  .action((options: readonly string[]) => {
    const script = fileURLToPath(new URL('../../bench/main.ts', import.meta.url))
    spawn(process.execPath, [script, ...options], { stdio: 'inherit' }).on('exit', (code) => process.exit(code ?? 1))
  })

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CliError)) throw error
  console.error(error.message)
  process.exitCode = 1
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return String((JSON.parse(text) as { version: unknown }).version)
}

/** The token is never an argument: other users of the machine can read those. */
function targetOf({ url, tokenFile }: GlobalOptions): { readonly url: string; readonly token: string } {
  const { USHER_PUBLIC_URL, USHER_ADMIN_TOKEN, USHER_ADMIN_TOKEN_FILE } = process.env
  const file = tokenFile ?? (USHER_ADMIN_TOKEN ? undefined : USHER_ADMIN_TOKEN_FILE)
  const token = file === undefined ? USHER_ADMIN_TOKEN : readToken(file)
  if (!token) throw new CliError("Set USHER_ADMIN_TOKEN, or give --token-file: the operator's token or an API key.")
  return { url: (url ?? (USHER_PUBLIC_URL || 'http://127.0.0.1:8080')).replace(/\/+$/, ''), token }
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new CliError(`The token cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}
