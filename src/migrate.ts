/** `usher migrate`: what every start does before it serves, without serving; `--dry-run` only tells what that would be. */
import { parseArgs } from 'node:util'
import { readConfig } from './config.ts'
import { createLogger } from './http/log.ts'
import { loadRegistry } from './schema/documents.ts'
import { type Closing, databaseOf, explain, migrationsOf, openPrepared } from './start.ts'
import { countsInWords, type MigrationReport } from './store/migrations/migration.ts'
import { migrate, pendingMigrations, rehearse } from './store/migrations/run.ts'
import { isKnownVersion } from './store/schema-version.ts'
import { openStore } from './store/store.ts'

const help = `Usage: usher migrate [--dry-run]

Brings what is stored into the form of this release, as a start of the server does before it serves. The database is
that of the server's settings (docs/settings.md).

Options:
  --dry-run  tells what would be done, document by document, and writes nothing
  --help     shows this`

const badSettings = 2
const closings: Closing[] = []
try {
  process.exitCode = await main(process.argv.slice(3))
} catch (error) {
  console.error(explain(error))
  process.exitCode = badSettings
} finally {
  for (const close of closings.reverse()) await close().catch(() => undefined)
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (options === null || options.help === true) {
    console.log(help)
    return options === null ? badSettings : 0
  }
  const config = readConfig(process.env)
  const registry = loadRegistry(config.schemasDir)
  const uri = await databaseOf(config, closings)
  const isRehearsal = options['dry-run'] === true
  const store = isRehearsal ? await openStore({ uri }) : await openPrepared({ uri, registry, onLong: tell })
  closings.push(() => store.close())
  const migrations = migrationsOf(store, registry)
  if (isRehearsal) await isKnownVersion(store)
  const pending = await pendingMigrations({ store, migrations })
  if (pending.length === 0) {
    console.log('Everything is in the form of this release: there is nothing to migrate.')
  } else if (isRehearsal) {
    for (const report of await rehearse({ migrations: pending })) console.log(lines(report, 'would change').join('\n'))
    console.log('Nothing was written.')
  } else {
    const log = createLogger(config.logLevel)
    const reports = await migrate({ store, migrations, log, now: () => new Date() })
    for (const report of reports) console.log(lines(report, 'changed').join('\n'))
    if (reports.length === 0) console.log('Another process has migrated.')
  }
  return 0
}

/** What takes long. */
async function tell(outstanding: readonly string[]): Promise<void> {
  console.log(`Indexes are being built: ${outstanding.join(', ')}`)
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { 'dry-run': { type: 'boolean' }, help: { type: 'boolean' } } }).values
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return null
  }
}

function lines({ name, version, looked, changed, refused, refusals }: MigrationReport, did: string): readonly string[] {
  return [
    `${name}, version ${version}: looked at ${looked} documents, ${did} ${countsInWords(changed)}.`,
    ...refused.map(({ organization, kind, id, reason }) => `  ${kind} ${id} (organization ${organization}): ${reason}`),
    ...(refusals > refused.length ? [`  ${refusals} documents stay as they are.`] : []),
  ]
}
