/**
 * The dependency rule: which room may import which other room, and which package appears in which rooms. What is
 * not in these tables is refused. A room is a folder under src/, or one of the files beside the folders.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'

/** For every room, the other rooms it may import. `errors.ts` and `context.ts` may be imported by all of them. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  'context.ts': ['scim/dialects.ts'],
  'config.ts': [],
  'tracing.ts': [],

  // How much one client may take; knows nothing of what it limits.
  limits: [],

  // Pure: plain data in, plain data out. They know nobody but each other.
  schema: [],
  filter: ['schema'],
  patch: ['schema', 'filter'],
  provisioning: ['schema', 'filter', 'patch'],

  store: ['schema', 'filter'],
  directory: ['schema', 'filter', 'patch', 'provisioning', 'store'],
  organizations: ['schema', 'filter', 'patch', 'provisioning', 'store'],

  // A refusal before a route is reached has the form of the protocol that the path belongs to.
  http: ['schema', 'directory', 'organizations', 'limits', 'scim/errors.ts'],
  scim: ['schema', 'filter', 'patch', 'directory', 'organizations', 'limits', 'http'],
  login: ['schema', 'patch', 'provisioning', 'directory', 'organizations', 'http'],
  admin: ['schema', 'filter', 'patch', 'provisioning', 'directory', 'organizations', 'limits', 'login', 'http'],
  oauth: ['schema', 'organizations', 'limits', 'http'],
  sandbox: ['schema', 'provisioning', 'directory', 'organizations', 'login', 'http'],

  // Knows nothing of what it runs.
  'background.ts': [],

  // Ties what the rooms tell to the metrics that are made of it.
  'counting.ts': ['directory', 'http', 'login', 'store'],

  // Talks to a running server over HTTP, like any other client.
  cli: [],

  // Where everything is wired together.
  'background-work.ts': ['*'],
  'app.ts': ['*'],
  'start.ts': ['*'],
  'main.ts': ['*'],
  'migrate.ts': ['*'],
}

const pure = ['schema', 'filter', 'patch', 'provisioning']
const everywhere = ['errors.ts', 'context.ts']
/** What the rooms with effects may import besides: the tables of dialects and their switches, which are data; spans. */
const everywhereButPure = ['scim/dialects.ts', 'scim/switches.ts', 'tracing.ts']
/** Types that the rooms with effects may name: what a setting is, and what a logger is. */
const typesForEffects = ['config.ts', 'http/log.ts']

/** For every package, the rooms that may import it. */
const packages: Readonly<Record<string, readonly string[]>> = {
  express: ['http', 'scim', 'login', 'admin', 'oauth', 'sandbox', 'app.ts'],
  helmet: ['http', 'app.ts'],
  'prom-client': ['http'],
  pino: ['http'],
  scimmy: ['scim'],
  'scimmy-routers': ['scim'],
  mongoose: ['store'],
  'mongodb-memory-server-core': ['store'],
  'openid-client': ['login'],
  jose: ['login', 'oauth', 'http', 'organizations', 'sandbox'],
  'oidc-provider': ['sandbox'],
  commander: ['cli'],
  zod: ['*'],
  uuid: ['directory', 'organizations', 'store', 'http'],
  '@opentelemetry/api': ['tracing.ts'],
}

/** Of Node itself, what a pure room may use: nothing that reads or changes the world, with the exceptions named. */
const pureBuiltins = ['node:util', 'node:url']
const builtinExceptions: Readonly<Record<string, readonly string[]>> = {
  'schema/documents.ts': ['node:fs', 'node:fs/promises', 'node:path'],
  // A hash of what it is given, and of nothing else.
  'schema/outline.ts': ['node:crypto'],
}

interface Import {
  readonly specifier: string
  readonly typeOnly: boolean
}

/** What breaks the rule in one file of src/: a sentence for each import. `file` is relative to src/, with slashes. */
export function violations(file: string, text: string): string[] {
  return importsOf(text).flatMap((found) => {
    const allowed = found.specifier.startsWith('.')
      ? mayImportFile(file, found)
      : mayImportPackage(file, found.specifier)
    return allowed ? [] : [`src/${file} must not import ${found.specifier}`]
  })
}

/** All violations under src/. */
export function allViolations(root: string): string[] {
  const files = globSync('**/*.ts', { cwd: join(root, 'src') }).map((file) => file.split(sep).join('/'))
  return files.sort().flatMap((file) => violations(file, readFileSync(join(root, 'src', file), 'utf8')))
}

function importsOf(text: string): Import[] {
  // Doc comments show imports too, those with a star in front; a statement begins its line.
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[\w*{}\s,$]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)
  const calls = text.matchAll(/\bimport\(\s*()['"]([^'"]+)['"]/g)
  return [...statements, ...calls].map(([, type, specifier = '']) => ({ specifier, typeOnly: Boolean(type) }))
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? file
}

function mayImportFile(file: string, { specifier, typeOnly }: Import): boolean {
  const room = roomOf(file)
  const target = normalize(join(dirname(file), specifier))
    .split(sep)
    .join('/')
  // What lies outside of src/, such as package.json, is data for those who put things together.
  if (target.startsWith('../')) return !pure.includes(room)
  if (roomOf(target) === room || everywhere.includes(target)) return true
  if (everywhereButPure.includes(target)) return !pure.includes(room)
  if (typeOnly && typesForEffects.includes(target)) return !pure.includes(room)
  const allowed = rooms[room] ?? []
  return allowed.includes('*') || allowed.includes(roomOf(target)) || allowed.includes(target)
}

function mayImportPackage(file: string, specifier: string): boolean {
  const room = roomOf(file)
  if (specifier.startsWith('node:')) {
    return (
      !pure.includes(room) || pureBuiltins.includes(specifier) || (builtinExceptions[file] ?? []).includes(specifier)
    )
  }
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  const allowed = packages[name] ?? []
  return allowed.includes('*') || allowed.includes(room)
}

if (import.meta.main) {
  const found = allViolations(join(import.meta.dirname, '../..'))
  for (const line of found) console.error(line)
  process.exitCode = found.length === 0 ? 0 : 1
}
