import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { findMongod } from '../../src/store/embedded/binary.ts'
import { untilAnswered } from '../blackbox/asking.ts'
import { user } from '../blackbox/usher.ts'
import { testDatabase } from '../database.ts'
import { freePort } from '../free-port.ts'
import { TcpProxy } from './proxy.ts'
import { operatorToken, temporaryFolder, UsherProcess } from './usher-process.ts'

const database = testDatabase()
const settings = { MONGODB_URI: database, USHER_DATA_DIR: temporaryFolder() }

/** A POST of a user that has arrived but for most of its body. */
async function beginPost(usher: UsherProcess, organization: string, userName: string) {
  const body = JSON.stringify(user(userName))
  const sending = request(`${usher.url}/scim/v2/${organization}/Users`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${operatorToken}`,
      'content-type': 'application/scim+json',
      'content-length': Buffer.byteLength(body),
      expect: '100-continue',
    },
  })
  sending.flushHeaders()
  await once(sending, 'continue')
  sending.write(body.slice(0, 10))
  return { sending, rest: body.slice(10) }
}

const isListening = ({ url }: UsherProcess) =>
  fetch(`${url}/livez`).then(
    () => true,
    () => false,
  )

describe('signals', () => {
  it('row 135 SIGTERM: no new connections, what is in flight is answered, silent ones do not matter, the exit code is 0', async () => {
    const usher = await UsherProcess.ready(settings)
    await usher.call('POST', '/api/v1/organizations', { slug: 'draining' })
    const { hostname, port } = new URL(usher.url)
    const silent = connect(Number(port), hostname)
    silent.on('error', () => undefined)
    await once(silent, 'connect')
    const { sending, rest } = await beginPost(usher, 'draining', 'in-flight@example.org')
    usher.kill('SIGTERM')
    while (await isListening(usher)) await delay(20)
    sending.end(rest)
    const [response] = await once(sending, 'response')
    response.resume()
    assert.equal(response.statusCode, 201)
    assert.equal(response.headers.connection, 'close')
    assert.equal(await usher.ended, 0)
    silent.destroy()
  })

  it('row 135 a second SIGTERM ends it at once', async () => {
    const usher = await UsherProcess.ready(settings)
    await usher.call('POST', '/api/v1/organizations', { slug: 'impatient' })
    const { sending } = await beginPost(usher, 'impatient', 'never@example.org')
    const cut = once(sending, 'error')
    usher.kill('SIGTERM')
    // Within a moment it is taken for the same signal: npm and a terminal both hand it on.
    usher.kill('SIGTERM')
    while (await isListening(usher)) await delay(20)
    await delay(1_700)
    assert.equal(usher.child.exitCode, null)
    usher.kill('SIGTERM')
    // Without it the request would be waited for, and the code be that of a good end.
    assert.equal(await usher.ended, 1)
    await cut
  })
})

describe('a start', () => {
  it('with bad settings names all of them and ends with 2', async () => {
    const usher = await UsherProcess.start({ USHER_PORT: '99999999', USHER_WORKERS: 'many', USHER_COLOUR: 'red' })
    assert.equal(await usher.ended, 2)
    for (const name of ['USHER_PORT', 'USHER_WORKERS', 'USHER_COLOUR']) assert.match(usher.output, new RegExp(name))
  })

  it('with an address of the database that cannot be read ends with 2 and says so', async () => {
    const usher = await UsherProcess.start({ ...settings, MONGODB_URI: 'mongodb://127.0.0.1:27017/usher?colour=red' })
    assert.equal(await usher.ended, 2)
    assert.match(usher.output, /MONGODB_URI cannot be used: .*colour/)
  })

  it('row 128 on a standalone server ends with 2 and the command that cures it', async () => {
    const { path } = await findMongod({ binary: process.env.USHER_MONGOD, onProgress: () => undefined })
    const port = String(await freePort())
    const mongod = spawn(path, ['--dbpath', temporaryFolder(), '--port', port, '--bind_ip', '127.0.0.1'], {
      stdio: 'ignore',
    })
    try {
      const usher = await UsherProcess.start({ ...settings, MONGODB_URI: `mongodb://127.0.0.1:${port}/usher` })
      assert.equal(await usher.ended, 2)
      assert.match(usher.output, /standalone server.*--replSet rs0.*rs\.initiate\(/)
    } finally {
      mongod.kill('SIGKILL')
      await once(mongod, 'exit')
    }
  })

  it('with a folder of schemas that cannot be read ends with 2 and says so', async () => {
    const usher = await UsherProcess.start({ ...settings, USHER_SCHEMAS_DIR: '/there/is/no/such/folder' })
    assert.equal(await usher.ended, 2)
    assert.match(usher.output, /^USHER_SCHEMAS_DIR cannot be used: .*no.such.folder[^\n]*\n$/)
  })

  it('R262 with documents that make no sense ends with 2 and lists everything that is wrong', async () => {
    const folder = temporaryFolder()
    const attributes = [{ name: 'id' }, { name: 'serial', type: 'text' }]
    writeFileSync(join(folder, 'a.json'), JSON.stringify({ id: 'urn:x:1.0:Device', name: 'Device', attributes }))
    writeFileSync(join(folder, 'b.json'), '{')
    const usher = await UsherProcess.start({ ...settings, USHER_SCHEMAS_DIR: folder, USHER_WORKERS: '2' })
    assert.equal(await usher.ended, 2)
    assert.match(usher.output, /^USHER_SCHEMAS_DIR cannot be used:\n {2}- .*serial.*a\.json.*\n {2}- .*b\.json.*\n$/)
  })

  it('on a port that is taken ends with 2 and says so', async () => {
    const proxy = await TcpProxy.start(database)
    try {
      const { port } = new URL(proxy.through(database))
      const usher = await UsherProcess.start({ ...settings, USHER_PORT: port })
      assert.equal(await usher.ended, 2)
      assert.match(usher.output, /address is in use.*USHER_PORT/)
    } finally {
      await proxy.close()
    }
  })

  it('row 128 without a database lives, is not ready, answers 503, and begins to serve when the database comes', async () => {
    const proxy = await TcpProxy.start(database)
    try {
      proxy.reset()
      const usher = await UsherProcess.start({ ...settings, MONGODB_URI: proxy.through(database) })
      await usher.until(503)
      assert.equal((await fetch(`${usher.url}/livez`)).status, 200)
      const { body } = await usher.call('GET', '/readyz')
      assert.match(body.missing.join(), /database/)
      const scim = await usher.call('GET', '/scim/v2/acme/Users')
      assert.equal(scim.status, 503)
      assert.equal(scim.body.status, '503')
      assert.match(String(scim.headers.get('retry-after')), /^\d+$/)
      const admin = await usher.call('GET', '/api/v1/organizations')
      assert.equal(admin.status, 503)
      assert.equal(admin.body.code, 'unavailable')
      proxy.pass()
      await usher.until(200)
      assert.equal((await untilAnswered(() => usher.call('GET', '/api/v1/organizations'))).status, 200)
      usher.kill('SIGTERM')
      assert.equal(await usher.ended, 0)
    } finally {
      await proxy.close()
    }
  })
})

describe('workers', { skip: process.platform === 'linux' ? false : 'the workers are found by /proc' }, () => {
  const workersOf = ({ child }: UsherProcess) =>
    readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

  /** The second worker begins when the first one listens; one that has died is replaced after a moment. */
  async function bothWork(usher: UsherProcess) {
    for (const begin = performance.now(); workersOf(usher).length < 2; await delay(50)) {
      assert.ok(performance.now() - begin < 60_000, 'a worker is missing')
    }
  }

  /** The status of an answer. A connection that a dead worker had is cut; from then on there is the other one. */
  async function served(usher: UsherProcess): Promise<number> {
    for (const begin = performance.now(); ; await delay(50)) {
      const answer = await usher.call('GET', '/api/v1/organizations').catch(() => null)
      if (answer !== null && answer.status !== 503) return answer.status
      assert.ok(performance.now() - begin < 60_000, usher.output)
    }
  }

  /** Each worker counts for itself; a scrape that meets one of them shows what all have counted. */
  async function sharedFigures(usher: UsherProcess) {
    const asked = 40
    const headers = { connection: 'close' }
    await Promise.all(Array.from({ length: asked }, () => fetch(`${usher.url}/version`, { headers })))
    let right = 0
    // An answer is counted a moment after it has arrived, and a worker that is starting is left out.
    for (let scrapes = 0; right < 6; scrapes += 1) {
      const text = await (await fetch(`${usher.url}/metrics`, { headers })).text()
      const count = /^scim_http_requests_total\{route="\/version",method="GET",status="2xx"\} (\d+)$/m.exec(text)?.[1]
      right = count === String(asked) ? right + 1 : 0
      assert.ok(scrapes < 200, text)
    }
  }

  it('share one sandbox, made once, when nothing is set but their number', async () => {
    const usher = await UsherProcess.ready({
      USHER_DATA_DIR: temporaryFolder(),
      USHER_SANDBOX: '',
      NODE_ENV: '',
      USHER_WORKERS: '2',
    })
    await bothWork(usher)
    const acme = '/api/v1/organizations/acme'
    assert.equal((await usher.call('GET', `${acme}/scim-clients`)).body.items.length, 1)
    const { items } = (await usher.call('GET', `${acme}/connections`)).body
    assert.equal(items.length, 1)
    const login = await fetch(`${usher.url}/login/acme/${items[0].id}`, { redirect: 'manual' })
    assert.match(String(login.headers.get('location')), /^http:\/\/127\.0\.0\.1:\d+\//)
    usher.kill('SIGTERM')
    assert.equal(await usher.ended, 0)
  })

  it('share the port and the database of a file; one that is killed is replaced, and the others serve meanwhile', async () => {
    const file = join(temporaryFolder(), 'address')
    writeFileSync(file, database)
    const usher = await UsherProcess.ready({
      USHER_DATA_DIR: settings.USHER_DATA_DIR,
      MONGODB_URI_FILE: file,
      USHER_WORKERS: '2',
    })
    await bothWork(usher)
    await sharedFigures(usher)
    const before = workersOf(usher)
    const [first = 0, second = 0] = before
    process.kill(first, 'SIGKILL')
    assert.equal(await served(usher), 200)
    await bothWork(usher)
    process.kill(second, 'SIGKILL')
    assert.equal(await served(usher), 200)
    usher.kill('SIGTERM')
    assert.equal(await usher.ended, 0)
  })

  it('that cannot start end the whole with 2', async () => {
    const usher = await UsherProcess.start({
      ...settings,
      USHER_WORKERS: '2',
      MONGODB_URI: 'mongodb://127.0.0.1:27017/usher?colour=red',
    })
    assert.equal(await usher.ended, 2)
    assert.match(usher.output, /MONGODB_URI cannot be used/)
  })
})
