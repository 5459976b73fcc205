import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Config } from '../../src/config.ts'
import { createLogger, type LogFields, type Logger } from '../../src/http/log.ts'
import { runs } from '../runs.ts'

function collect(write: (log: Logger) => void, level: Config['logLevel'] = 'debug'): string[] {
  const chunks: string[] = []
  write(createLogger(level, { write: (chunk: string) => chunks.push(chunk) }))
  return chunks
}

function only(write: (log: Logger) => void): Record<string, unknown> {
  const [line, ...others] = collect(write)
  assert.equal(others.length, 0)
  return JSON.parse(line ?? '')
}

describe('the log', () => {
  it('writes one JSON line an event with time, severity, message and fields', () => {
    const line = only((log) =>
      log.info('request', {
        requestId: 'r1',
        organization: 'acme',
        route: '/Users/:id',
        status: 200,
        ms: 1.23456,
        normalisations: ['active as text'],
      }),
    )
    const { ts, ...rest } = line
    assert.match(String(ts), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.deepEqual(rest, {
      level: 'info',
      msg: 'request',
      requestId: 'r1',
      organization: 'acme',
      route: '/Users/:id',
      status: 200,
      ms: 1.23,
      normalisations: ['active as text'],
    })
  })

  it('leaves out every field that is not on the list, and values of another type', () => {
    const fields = { requestId: 'r1', body: { userName: 'x' }, token: 'secret', headers: {}, status: '200' }
    const line = only((log) => log.info('request', fields as unknown as LogFields))
    assert.deepEqual(Object.keys(line).sort(), ['level', 'msg', 'requestId', 'ts'])
  })

  it('hands fields on to the lines of a narrower logger, by the same list', () => {
    const line = only((log) => log.with({ organization: 'acme', password: 'x' } as LogFields).warn('slow', { ms: 3 }))
    assert.deepEqual([line.organization, line.ms, line.level, line.password], ['acme', 3, 'warn', undefined])
  })

  it('is silent below its level', () => {
    assert.deepEqual(
      collect((log) => log.info('x'), 'warn'),
      [],
    )
    assert.deepEqual(
      collect((log) => log.error('x'), 'silent'),
      [],
    )
  })

  it('lets no value begin a line of its own (CR and LF are escaped)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('\n', '\r', '\r\n'), (value, lineBreak) => {
        const [line = ''] = collect((log) =>
          log.info(`a${lineBreak}${value}`, { route: `${value}${lineBreak}{"level":"info"}` }),
        )
        assert.match(line, /^[^\r\n]+\n$/)
        assert.doesNotThrow(() => JSON.parse(line))
      }),
      { numRuns: runs(50) },
    )
  })

  it('masks tokens, credentials, and e-mail addresses inside of errors and texts', () => {
    const cause = new Error('auth failed for mongodb://root:hunter2@db:27017')
    const error = new Error(
      'E11000 dup key: { userNameKey: "jane.doe@acme.example" } Bearer abc.def usher_key_Zm9v eyJhbGciOi.eyJzdWIi.c2ln',
      { cause },
    )
    const line = collect((log) => log.error(`failed for jane.doe@acme.example`, { error })).join('')
    for (const secret of ['jane.doe', 'hunter2', 'abc.def', 'Zm9v', 'eyJzdWIi'])
      assert.ok(!line.includes(secret), secret)
    assert.ok(line.includes('***@acme.example'))
  })

  it('keeps name, code and place of an error', () => {
    const error = Object.assign(new TypeError('boom'), { code: 'ECONNRESET' })
    const line = only((log) => log.error('failed', { error })) as { error: Record<string, unknown> }
    assert.equal(line.error.name, 'TypeError')
    assert.equal(line.error.code, 'ECONNRESET')
    assert.match(String(line.error.stack), /^at .*log\.test\.ts/)
  })
})
