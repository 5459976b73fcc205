import { type DestinationStream, pino } from 'pino'
import type { Config } from '../config.ts'
import { presentTraceId } from '../tracing.ts'

/**
 * What a log line may say. This list is the only way into the log: whatever else is handed over is left out, so that
 * bodies, tokens and claims cannot get there by accident.
 */
export interface LogFields {
  readonly requestId?: string | undefined
  /** Trace id of the W3C trace context; that of the present work unless another one is named. */
  readonly trace?: string | undefined
  readonly organization?: string | undefined
  /** Which credential asked: `scim:{id}`, `admin:{id}`. */
  readonly client?: string | undefined
  readonly connection?: string | undefined
  readonly decision?: string | undefined
  readonly outcome?: string | undefined
  readonly job?: string | undefined
  readonly worker?: number | undefined
  readonly method?: string | undefined
  /** The template of the route, never the path of the request. */
  readonly route?: string | undefined
  readonly status?: number | undefined
  readonly ms?: number | undefined
  readonly bytes?: number | undefined
  readonly count?: number | undefined
  /** Code of the error catalogue, or of the system. */
  readonly code?: string | undefined
  readonly normalisations?: readonly string[] | undefined
  readonly url?: string | undefined
  readonly version?: string | undefined
  readonly signal?: string | undefined
  readonly error?: unknown
}

/** Writes one JSON line an event. */
export interface Logger {
  readonly debug: (message: string, fields?: LogFields) => void
  readonly info: (message: string, fields?: LogFields) => void
  readonly warn: (message: string, fields?: LogFields) => void
  readonly error: (message: string, fields?: LogFields) => void
  /** A logger whose every line carries these fields as well. */
  readonly with: (fields: LogFields) => Logger
}

const text = (value: unknown) => (typeof value === 'string' ? mask(value) : undefined)
const number = (value: unknown) => (Number.isFinite(value) ? value : undefined)
const texts = (value: unknown) =>
  Array.isArray(value) && value.length > 0 ? value.slice(0, 50).map(text).filter(Boolean) : undefined

/** How each field gets into the line; a value of another type than this is left out. */
const writers: { readonly [Name in keyof LogFields]-?: (value: unknown) => unknown } = {
  requestId: text,
  trace: text,
  organization: text,
  client: text,
  connection: text,
  decision: text,
  outcome: text,
  job: text,
  worker: number,
  method: text,
  route: text,
  status: number,
  ms: (value) => (typeof value === 'number' && Number.isFinite(value) ? Math.round(value * 100) / 100 : undefined),
  bytes: number,
  count: number,
  code: text,
  normalisations: texts,
  url: text,
  version: text,
  signal: text,
  error: describeError,
}

/**
 * Makes the log of the process: one JSON line an event with `ts`, `level`, `msg` and the fields above. Line breaks
 * inside of values are escaped by JSON, so that nobody can forge a line.
 */
export function createLogger(level: Config['logLevel'], destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"ts":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return wrap(destination === undefined ? pino(options) : pino(options, destination), {})
}

type Severity = 'debug' | 'info' | 'warn' | 'error'

function wrap(sink: pino.Logger, inherited: Readonly<Record<string, unknown>>): Logger {
  const write = (severity: Severity) => (message: string, fields?: LogFields) => {
    if (!sink.isLevelEnabled(severity)) return
    sink[severity]({ ...presentTrace(), ...inherited, ...(fields && select(fields)) }, mask(message))
  }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    with: (fields) => wrap(sink, { ...inherited, ...select(fields) }),
  }
}

function presentTrace(): { readonly trace?: string } {
  const trace = presentTraceId()
  return trace === undefined ? {} : { trace }
}

/** The allowed fields of an object that has a value for them. */
function select(fields: LogFields): Record<string, unknown> {
  const selected: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (!Object.hasOwn(writers, name)) continue
    const written = writers[name as keyof LogFields](value)
    if (written !== undefined) selected[name] = written
  }
  return selected
}

function describeError(error: unknown): unknown {
  if (error === undefined || error === null) return undefined
  if (!(error instanceof Error)) return { message: mask(String(error)) }
  return {
    name: error.name,
    ...('code' in error && (typeof error.code === 'string' || typeof error.code === 'number')
      ? { code: error.code }
      : {}),
    message: mask(error.message),
    stack: error.stack === undefined ? undefined : stackOf(error.stack),
    cause: error.cause === undefined ? undefined : describeCause(error.cause),
  }
}

/** One level is enough to say what failed; a driver's chain of causes may be long, and may be a circle. */
function describeCause(cause: unknown): unknown {
  return cause instanceof Error ? { name: cause.name, message: mask(cause.message) } : { message: mask(String(cause)) }
}

/** Where it happened, without the message that the stack begins with. */
function stackOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12)
    .map((line) => line.trim())
    .join('\n')
}

/**
 * Masks what must not be in a log even inside of a driver's message: our tokens, bearer credentials, JSON Web
 * Tokens, passwords of database addresses, and the local part of e-mail addresses.
 */
function mask(value: string): string {
  return value
    .slice(0, 2000)
    .replaceAll(/usher_[a-z]+_[\w-]+/g, 'usher_***')
    .replaceAll(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 ***')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*/g, 'eyJ***')
    .replaceAll(/:\/\/[^/\s@]+@/g, '://***@')
    .replaceAll(/[^\s@"'<>:,;{}()[\]]{1,64}@([\w.-]+)/g, '***@$1')
}
