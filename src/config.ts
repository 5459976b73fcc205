import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** What a setting is read from: environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** All settings are refused together: `problems` holds one sentence for each. The process ends with exit code 2. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The settings cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

declare module 'zod' {
  interface GlobalMeta {
    /** How the documentation shows a default that depends on other settings; Markdown. */
    readonly defaultText?: string
    /** How the documentation shows the values that are accepted; Markdown. */
    readonly values?: string
  }
}

const onOff = z.enum(['on', 'off'], 'must be `on` or `off`')

function integer(least: number, most: number) {
  const rule = `must be a whole number from ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,9}$/, rule)
    .transform(Number)
    .refine((value) => value >= least && value <= most, rule)
}

function isBaseUrl(value: string): boolean {
  const url = URL.parse(value)
  return url !== null && /^https?:$/.test(url.protocol) && !/[?#@]/.test(value)
}

/** Every setting, by the name of its environment variable. The documentation is made from this definition. */
const settings = z.object({
  USHER_HOST: z
    .string()
    .regex(/^[\w.:-]+$/, 'must be a host name or an address')
    .default('127.0.0.1')
    .describe('Address on which it listens.'),
  USHER_PORT: integer(1, 65_535).default(8080).describe('Port on which it listens.').meta({ values: '1–65535' }),
  USHER_PUBLIC_URL: z
    .string()
    .refine(isBaseUrl, 'must be an http or https URL without user, query and fragment')
    .transform((value) => value.replace(/\/+$/, ''))
    .optional()
    .describe('Base of every URL that it hands out; `Host` and `X-Forwarded-*` never decide.')
    .meta({ values: 'URL', defaultText: '`http://{host}:{port}`' }),
  USHER_DATA_DIR: z
    .string()
    .default('.usher')
    .describe('Folder of the embedded database and of generated secrets.')
    .meta({ values: 'path' }),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/[^/]/, 'must begin with `mongodb://` or `mongodb+srv://` and name a host')
    .optional()
    .describe('MongoDB replica set to use; one member is enough. Without it an embedded `mongod` starts.')
    .meta({ values: 'URL', defaultText: 'embedded database' }),
  USHER_MONGOD: z
    .string()
    .optional()
    .describe('The `mongod` binary of the embedded database.')
    .meta({ values: 'path', defaultText: 'found or fetched' }),
  USHER_ADMIN_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
    .optional()
    .describe("The operator's token for the admin API.")
    .meta({ values: 'text', defaultText: 'generated at the first start, printed once, kept hashed' }),
  USHER_SEALING_KEY: z
    .string()
    .trim()
    .regex(
      /^[\w+/-]{43}=?(\s*,\s*[\w+/-]{43}=?)*$/,
      'must be one or more keys of 32 bytes each in base64, separated by commas',
    )
    .transform((value) => value.split(',').map((key) => Buffer.from(key.trim(), 'base64')))
    .optional()
    .describe(
      'Key that client secrets of connections are sealed with. Of several keys, separated by commas, the first one seals and all of them open; see [keys](operations/keys.md#sealing-key).',
    )
    .meta({ values: '32 bytes in base64', defaultText: '`{USHER_DATA_DIR}/secret.key`, made at the first start' }),
  USHER_SANDBOX: onOff
    .optional()
    .describe('Demo organization `acme` with a demo identity provider.')
    .meta({ defaultText: '`on` when `MONGODB_URI` is not set and `NODE_ENV` is not `production`, else `off`' }),
  USHER_JIT_DEFAULT: onOff.default('on').describe('Just-in-time mode of a new connection that names none.'),
  USHER_ATTRIBUTE_SYNC_DEFAULT: z
    .enum(
      ['OVERRIDE_ALL', 'PRESERVE_LOCAL', 'FILL_EMPTY', 'NONE'],
      'must be one of OVERRIDE_ALL, PRESERVE_LOCAL, FILL_EMPTY, NONE',
    )
    .default('PRESERVE_LOCAL')
    .describe('Attribute sync method of a connection that names none.'),
  USHER_ALLOW_PRIVATE_ISSUERS: onOff
    .optional()
    .describe('Whether issuers may be at loopback, private or plain-http addresses.')
    .meta({ defaultText: '`on` in the sandbox and when `NODE_ENV` is `test`, else `off`' }),
  USHER_SCHEMAS_DIR: z
    .string()
    .optional()
    .describe('Folder of further SCIM schemas and resource types, one JSON document each.')
    .meta({ values: 'path' }),
  USHER_LOG_LEVEL: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'must be one of trace, debug, info, warn, error, fatal, silent',
    )
    .default('info')
    .describe('Least severity that is logged; one JSON line an event.'),
  USHER_RATE_LIMIT: z
    .string()
    .transform((value) => (value === 'off' ? null : /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN))
    .refine(
      (value) => value === null || (value >= 25 && value <= 100_000),
      'must be `off` or a whole number from 25 to 100000',
    )
    .optional()
    .describe(
      'SCIM requests a second that one client may send on average, with bursts of twice as many; ten times as many operations in bulk requests.',
    )
    .meta({ values: '`off`, 25–100000', defaultText: '`50`; `off` in the sandbox and when `NODE_ENV` is `test`' }),
  USHER_WORKERS: integer(1, 1024)
    .default(1)
    .describe('Number of processes that share the port.')
    .meta({ values: '1–1024' }),
})

type SettingName = keyof typeof settings.shape
const names = Object.keys(settings.shape) as readonly SettingName[]

/** The settings as the program uses them: parsed, with every default in place. */
export interface Config {
  readonly host: string
  readonly port: number
  /** Without a trailing slash. */
  readonly publicUrl: string
  readonly dataDir: string
  /** Undefined: the embedded database is used. */
  readonly mongodbUri: string | undefined
  readonly mongod: string | undefined
  /** Undefined: the token is generated at the first start. */
  readonly adminToken: string | undefined
  /** The first one seals. Undefined: the key is that of the data folder. */
  readonly sealingKeys: readonly Uint8Array[] | undefined
  readonly sandbox: boolean
  readonly jitDefault: 'on' | 'off'
  readonly attributeSyncDefault: 'OVERRIDE_ALL' | 'PRESERVE_LOCAL' | 'FILL_EMPTY' | 'NONE'
  readonly allowPrivateIssuers: boolean
  readonly schemasDir: string | undefined
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
  /** SCIM requests a second of one client; null: as many as it likes. */
  readonly rateLimit: number | null
  readonly workers: number
}

/**
 * Reads every setting from `env`, or from the file that `{name}_FILE` names. An empty variable counts as not set.
 * Names that begin with `USHER_` and are no setting are refused, except `USHER_TEST_…`, which belongs to test runs.
 *
 * @throws ConfigError with every problem found. Values are never repeated in it: they may be secrets.
 */
export function readConfig(
  env: Environment,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Config {
  const given = readValues(env, readFile)
  const parsed = settings.safeParse(given.values)
  const problems = [...unknownNames(env), ...given.problems]
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`))
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  return derive(parsed.data, env.NODE_ENV)
}

function derive(values: z.output<typeof settings>, mode: string | undefined): Config {
  const { USHER_HOST: host, USHER_PORT: port, MONGODB_URI: mongodbUri } = values
  const sandbox = values.USHER_SANDBOX ?? (mongodbUri === undefined && mode !== 'production' ? 'on' : 'off')
  const allowPrivateIssuers = values.USHER_ALLOW_PRIVATE_ISSUERS ?? (mode === 'test' ? 'on' : sandbox)
  const usualRateLimit = sandbox === 'on' || mode === 'test' ? null : 50
  return {
    host,
    port,
    publicUrl: values.USHER_PUBLIC_URL ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    dataDir: values.USHER_DATA_DIR,
    mongodbUri,
    mongod: values.USHER_MONGOD,
    adminToken: values.USHER_ADMIN_TOKEN,
    sealingKeys: values.USHER_SEALING_KEY,
    sandbox: sandbox === 'on',
    jitDefault: values.USHER_JIT_DEFAULT,
    attributeSyncDefault: values.USHER_ATTRIBUTE_SYNC_DEFAULT,
    allowPrivateIssuers: allowPrivateIssuers === 'on',
    schemasDir: values.USHER_SCHEMAS_DIR,
    logLevel: values.USHER_LOG_LEVEL,
    rateLimit: values.USHER_RATE_LIMIT === undefined ? usualRateLimit : values.USHER_RATE_LIMIT,
    workers: values.USHER_WORKERS,
  }
}

function readValues(env: Environment, readFile: (path: string) => string) {
  const values: Record<string, string> = {}
  const problems: string[] = []
  for (const name of names) {
    const value = env[name]
    const file = env[`${name}_FILE`]
    if (value && file) problems.push(`${name} and ${name}_FILE are both set; one of them is enough`)
    else if (value) values[name] = value
    else if (file) {
      try {
        // Editors and `echo` end a file with a line break that is no part of the value.
        const content = readFile(file).replace(/[\r\n]+$/, '')
        if (content === '') problems.push(`${name}_FILE names an empty file: ${file}`)
        else values[name] = content
      } catch (error) {
        const reason = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
        problems.push(`${name}_FILE names a file that cannot be read: ${file}${reason}`)
      }
    }
  }
  return { values, problems }
}

function unknownNames(env: Environment): string[] {
  const known = new Set<string>(names.flatMap((name) => [name, `${name}_FILE`]))
  return Object.keys(env)
    .filter((name) => name.startsWith('USHER_') && !name.startsWith('USHER_TEST_') && !known.has(name))
    .sort()
    .map((name) => `${name} is not a setting`)
}

/** The table of all settings in Markdown, made from their definition. */
export function settingsTable(): string {
  const rows = names.map((name) => {
    const setting = settings.shape[name]
    const { description, defaultText, values } = setting.meta() ?? {}
    const defaultValue = setting.safeParse(undefined).data
    const shownDefault = defaultText ?? (defaultValue === undefined ? '–' : `\`${defaultValue}\``)
    return `| \`${name}\` | ${values ?? shownValues(setting)} | ${shownDefault} | ${description} |`
  })
  return ['| Setting | Values | Default | Meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function shownValues(setting: z.ZodType): string {
  if (setting instanceof z.ZodDefault || setting instanceof z.ZodOptional) {
    return shownValues(setting.unwrap() as z.ZodType)
  }
  if (setting instanceof z.ZodEnum) return setting.options.map((option) => `\`${option}\``).join(', ')
  return 'text'
}
