import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { settingsPage } from '../../docs/settings-page.ts'
import { ConfigError, type Environment, readConfig } from '../../src/config.ts'
import { runs } from '../runs.ts'

const noFile = (path: string): string => {
  throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' })
}

function read(env: Environment, files: Readonly<Record<string, string>> = {}) {
  return readConfig(env, (path) => files[path] ?? noFile(path))
}

function problemsOf(env: Environment, files: Readonly<Record<string, string>> = {}): readonly string[] {
  try {
    read(env, files)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
  return []
}

describe('settings', () => {
  it('have a default each', () => {
    assert.deepEqual(read({}), {
      host: '127.0.0.1',
      port: 8080,
      publicUrl: 'http://127.0.0.1:8080',
      dataDir: '.usher',
      mongodbUri: undefined,
      mongod: undefined,
      adminToken: undefined,
      sealingKeys: undefined,
      sandbox: true,
      jitDefault: 'on',
      attributeSyncDefault: 'PRESERVE_LOCAL',
      allowPrivateIssuers: true,
      schemasDir: undefined,
      logLevel: 'info',
      rateLimit: null,
      workers: 1,
    })
  })

  it('USHER_RATE_LIMIT is 50 a second, and off in the sandbox and in tests, unless it is said', () => {
    assert.equal(read({ NODE_ENV: 'production' }).rateLimit, 50)
    assert.equal(read({ MONGODB_URI: 'mongodb://db/usher' }).rateLimit, 50)
    assert.equal(read({ MONGODB_URI: 'mongodb://db/usher', NODE_ENV: 'test' }).rateLimit, null)
    assert.equal(read({ USHER_RATE_LIMIT: '200' }).rateLimit, 200)
    assert.equal(read({ NODE_ENV: 'production', USHER_RATE_LIMIT: 'off' }).rateLimit, null)
    assert.throws(() => read({ USHER_RATE_LIMIT: '24' }), /USHER_RATE_LIMIT must be `off` or a whole number from 25/)
  })

  it('USHER_SEALING_KEY is one or more keys of 32 bytes in base64 or base64url, in their order', () => {
    const keys = [1, 2, 3].map((byte) => Buffer.alloc(32, byte * 85))
    const texts = [keys[0]!.toString('base64'), keys[1]!.toString('base64url'), keys[2]!.toString('base64')]
    assert.deepEqual(read({ USHER_SEALING_KEY: texts[0]! }).sealingKeys, [keys[0]])
    assert.deepEqual(read({ USHER_SEALING_KEY: texts.join(', ') }).sealingKeys, keys)
    assert.deepEqual(read({ USHER_SEALING_KEY_FILE: '/k' }, { '/k': `${texts[1]}\n` }).sealingKeys, [keys[1]])
    for (const wrong of ['short', texts[0]!.slice(1), `${texts[0]},`, `${texts[0]} ${texts[1]}`, 'a passphrase']) {
      const problems = problemsOf({ USHER_SEALING_KEY: wrong })
      assert.deepEqual(problems, [
        'USHER_SEALING_KEY must be one or more keys of 32 bytes each in base64, separated by commas',
      ])
    }
  })

  it('USHER_PUBLIC_URL follows host and port, and loses a slash at its end', () => {
    assert.equal(read({ USHER_PORT: '9000' }).publicUrl, 'http://127.0.0.1:9000')
    assert.equal(read({ USHER_HOST: '::1' }).publicUrl, 'http://[::1]:8080')
    assert.equal(read({ USHER_PUBLIC_URL: 'https://id.example/usher/' }).publicUrl, 'https://id.example/usher')
  })

  it('USHER_SANDBOX is on without a database of its own and outside of production, unless it is said', () => {
    const MONGODB_URI = 'mongodb://db/usher'
    assert.equal(read({ MONGODB_URI }).sandbox, false)
    assert.equal(read({ NODE_ENV: 'production' }).sandbox, false)
    assert.equal(read({ MONGODB_URI, USHER_SANDBOX: 'on' }).sandbox, true)
    assert.equal(read({ USHER_SANDBOX: 'off' }).sandbox, false)
  })

  it('USHER_ALLOW_PRIVATE_ISSUERS is on in the sandbox and in tests, unless it is said', () => {
    assert.equal(read({ USHER_SANDBOX: 'on' }).allowPrivateIssuers, true)
    assert.equal(read({ USHER_SANDBOX: 'off' }).allowPrivateIssuers, false)
    assert.equal(read({ USHER_SANDBOX: 'off', NODE_ENV: 'test' }).allowPrivateIssuers, true)
    assert.equal(read({ USHER_ALLOW_PRIVATE_ISSUERS: 'off' }).allowPrivateIssuers, false)
  })

  it('each come from a file as well, without the line break at its end', () => {
    const env = { USHER_ADMIN_TOKEN_FILE: '/run/token', MONGODB_URI_FILE: '/run/uri', USHER_PORT_FILE: '/run/port' }
    const config = read(env, {
      '/run/token': 'usher_admin_x\n',
      '/run/uri': 'mongodb://db/usher\r\n',
      '/run/port': '1234',
    })
    assert.deepEqual([config.adminToken, config.mongodbUri, config.port], ['usher_admin_x', 'mongodb://db/usher', 1234])
  })

  it('that are empty count as not set', () => {
    assert.equal(read({ USHER_PORT: '', MONGODB_URI: '', USHER_MONGOD_FILE: '' }).port, 8080)
  })

  it('that are unknown or bad are all listed at once', () => {
    const problems = problemsOf(
      {
        USHER_PROT: '1',
        USHER_PORT: '70000',
        USHER_LOG_LEVEL: 'loud',
        USHER_SANDBOX: 'yes',
        USHER_PUBLIC_URL: 'ftp://x',
        MONGODB_URI: 'postgres://x',
        USHER_WORKERS: '0',
        USHER_HOST: 'a b',
        USHER_ADMIN_TOKEN_FILE: '/missing',
        USHER_JIT_DEFAULT: 'on',
        USHER_JIT_DEFAULT_FILE: '/x',
        USHER_NO_FILE: '/x',
      },
      { '/x': 'on' },
    )
    for (const name of [
      'USHER_PROT is not a setting',
      'USHER_NO_FILE is not a setting',
      'USHER_PORT must be a whole number from 1 to 65535',
      'USHER_LOG_LEVEL must be one of',
      'USHER_SANDBOX must be',
      'USHER_PUBLIC_URL must be',
      'MONGODB_URI must begin',
      'USHER_WORKERS must be',
      'USHER_HOST must be',
      'USHER_ADMIN_TOKEN_FILE names a file that cannot be read: /missing (ENOENT)',
      'USHER_JIT_DEFAULT and USHER_JIT_DEFAULT_FILE are both set',
    ]) {
      assert.ok(
        problems.some((problem) => problem.startsWith(name)),
        `${name} in ${problems.join('\n')}`,
      )
    }
    assert.equal(problems.length, 11)
  })

  it('never repeat a value in a refusal: it may be a secret', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{8} [a-z]{8}$/), (secret) => {
        const problems = problemsOf({ USHER_ADMIN_TOKEN: secret, MONGODB_URI: secret, USHER_PORT: secret })
        assert.equal(problems.length, 3)
        assert.ok(!problems.join().includes(secret))
      }),
      { numRuns: runs(100) },
    )
  })

  it('of test runs and of other programs are left alone', () => {
    assert.deepEqual(problemsOf({ USHER_TEST_MONGODB_URI: 'x', PATH: '/bin', USHERS: 'x' }), [])
  })

  it('are documented as they are defined (`npm run docs` writes the page)', () => {
    assert.equal(readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8'), settingsPage())
  })
})
