/** Bodies that are lines of JSON: each line is checked by itself, and every mistake is told with the number of its line. */
import type { IncomingMessage } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { type FieldError, UsherError } from '../errors.ts'
import { readTextBody } from '../http/body.ts'
import { bodyLimits, checkBody } from '../http/body-limits.ts'
import { parseMediaType } from '../http/media-type.ts'
import { linesType } from './lines.ts'
import { mistakesOf } from './reading.ts'
import type { LinesBody } from './route.ts'

/** Characters of a line. */
const greatestLength = 8_192
/** Mistakes that are told. */
const mostMistakes = 100
/** Lines that are read before somebody else has a turn. */
const readAtOnce = 500

/** Whether a request says that its body is lines of JSON. */
export function sendsLines({ headers }: IncomingMessage): boolean {
  return parseMediaType(headers['content-type'] ?? '')?.name === linesType
}

/**
 * The values of the lines of a body, in their order. Empty lines count, and say nothing.
 *
 * @throws UsherError `validation_failed` with `line 3` or `line 3.name` as the path of a mistake; `payload_too_large`,
 * `invalid_syntax`, `unsupported_media_type`
 */
export async function readLines(
  request: IncomingMessage,
  { line, most }: Pick<LinesBody, 'line' | 'most'>,
): Promise<readonly unknown[]> {
  const text = await readTextBody(request, { mediaTypes: [linesType], untyped: 'refuse' }, bodyLimits.bytes)
  const lines = (text ?? '').split('\n').map((said, index) => ({ said: said.trim(), path: `line ${index + 1}` }))
  const values: unknown[] = []
  const mistakes: FieldError[] = []
  for (const [index, { said, path }] of lines.entries()) {
    if (index % readAtOnce === readAtOnce - 1) await setImmediate()
    if (said === '') continue
    if (values.length === most) {
      mistakes.push({ path, message: `A list has at most ${most} lines.` })
      break
    }
    const value = objectOf(said)
    const parsed = value instanceof UsherError ? null : line.safeParse(value)
    values.push(parsed?.data)
    if (value instanceof UsherError) mistakes.push({ path, message: value.message })
    else if (parsed?.error !== undefined) mistakes.push(...mistakesOf(parsed.error, path))
  }
  if (values.length === 0) mistakes.push({ path: 'line 1', message: 'A list has at least one line.' })
  if (mistakes.length > 0) throw refusal(mistakes)
  return values
}

/** The object that a line says, or why it says none. */
function objectOf(said: string): unknown {
  if (said.length > greatestLength) return notALine(`A line has at most ${greatestLength} characters.`)
  try {
    const value: unknown = JSON.parse(said)
    checkBody(value, bodyLimits)
    return value
  } catch (error) {
    return error instanceof UsherError ? error : notALine('The line is not valid JSON.')
  }
}

function notALine(message: string): UsherError {
  return new UsherError('invalid_syntax', message)
}

function refusal(mistakes: readonly FieldError[]): UsherError {
  const wrong = new Set(mistakes.map(({ path }) => path.split('.')[0])).size
  const detail = `${wrong === 1 ? 'A line does' : `${wrong} lines do`} not validate. Nothing was done.`
  return new UsherError('validation_failed', detail, { errors: mistakes.slice(0, mostMistakes) })
}
