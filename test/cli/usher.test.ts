import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { adminToken, group, startUsher, user } from '../blackbox/usher.ts'
import { TestProvider } from '../provider/test-provider.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
const folder = mkdtempSync(join(tmpdir(), 'usher-cli-'))
after(async () => {
  rmSync(folder, { recursive: true })
  await provider.close()
})

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs `usher …` as somebody at a terminal would. */
function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Run> {
  const program = join(import.meta.dirname, '../../bin/usher.mjs')
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, USHER_PUBLIC_URL: usher.url, USHER_ADMIN_TOKEN: adminToken, ...environment }
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })
}

describe('usher at the command line', () => {
  it('says what there is, and refuses what there is not with exit code 1', async () => {
    const help = await run(['--help'])
    assert.equal(help.code, 0)
    for (const command of [
      'serve',
      'migrate',
      'organization',
      'scim-client',
      'token',
      'connection',
      'decision',
      'secrets',
      'verify',
      'export',
      'import',
    ]) {
      assert.match(help.out, new RegExp(`^ {2}${command} `, 'm'))
    }
    const serving = await run(['serve', '--help'])
    assert.deepEqual([serving.code, serving.out.split('\n')[0]], [0, 'Usage: usher serve [options]'])
    const unknown = await run(['organisation', 'list'])
    assert.equal(unknown.code, 1)
    assert.match(unknown.err, /unknown command 'organisation'/)
  })

  it('says in a sentence what is missing: a token, a server, an organization', async () => {
    const [noToken, noServer, none] = await Promise.all([
      run(['organization', 'list'], { USHER_ADMIN_TOKEN: '' }),
      run(['organization', 'list'], { USHER_PUBLIC_URL: 'http://127.0.0.1:9' }),
      run(['organization', 'show', 'nobody']),
    ])
    assert.deepEqual([noToken.code, noServer.code, none.code], [1, 1, 1])
    assert.match(noToken.err, /^Set USHER_ADMIN_TOKEN, or give --token-file/)
    assert.match(noServer.err, /^Nothing answers at http:\/\/127\.0\.0\.1:9: .*Give --url/)
    assert.match(none.err, /\(404 not_found\)/)
  })

  it('makes an organization and a SCIM client, and replaces its token without a gap', async () => {
    const made = await run(['organization', 'create', 'globex', '--name', 'Globex', '--seats', '10'])
    assert.equal(made.code, 0, made.err)
    assert.match((await run(['organization', 'list'])).out, /^globex +Globex +10 /m)
    const { out } = await run(['--json', 'scim-client', 'create', 'globex', '--name', 'Okta', '--dialect', 'okta'])
    const client = JSON.parse(out)
    const bounded = await run(['scim-client', 'create', 'globex', '--name', 'HR', '--scopes', 'scim.users scim.read'])
    assert.equal(bounded.code, 0, bounded.err)
    const { out: clients } = await run(['scim-client', 'list', 'globex'])
    assert.match(clients, /^\S+ +Okta .* scim$/m)
    assert.match(clients, /^\S+ +HR .* scim.users scim.read$/m)
    const rotated = JSON.parse((await run(['--json', 'token', 'rotate', 'globex', client.id])).out)
    const ask = (token: string) => usher.call('GET', '/scim/v2/globex/Users', { token })
    assert.deepEqual([(await ask(client.token)).status, (await ask(rotated.token)).status], [200, 200])
    const listed = JSON.parse((await run(['--json', 'token', 'list', 'globex', client.id])).out)
    const before = listed.find(({ id }: { id: string }) => id !== rotated.id)
    assert.equal((await run(['token', 'revoke', 'globex', client.id, before.id])).code, 0)
    assert.deepEqual([(await ask(client.token)).status, (await ask(rotated.token)).status], [401, 200])
    const wrong = await run(['organization', 'delete', 'globex', '--yes', 'acme'])
    assert.equal(wrong.code, 1)
    assert.equal((await run(['organization', 'delete', 'globex', '--yes', 'globex'])).code, 0)
    assert.equal((await run(['organization', 'show', 'globex'])).code, 1)
  })

  it('tests a connection, and explains a decision by its reference', async () => {
    const organization = await usher.organization()
    const connection = await organization.connection(provider)
    const { body } = await connection.login({ sub: 'eve', email: 'eve@elsewhere.example', email_verified: true })
    const [test, explained] = await Promise.all([
      run(['connection', 'test', organization.slug, connection.id]),
      run(['decision', 'explain', organization.slug, body.reference]),
    ])
    assert.equal(test.code, 0, test.err)
    assert.match(test.out, /^✔ discovery .*\n✔ issuer .*\n✔ algorithms .*\n✔ keys /m)
    assert.match(explained.out, new RegExp(`^${body.reference} +refused \\(domain_not_allowed\\)`))
    assert.match(explained.out, /^✖ domain .*\[domain_not_allowed\]$/m)
  })

  it('verifies a directory: 0 where everything holds, else 1 and what does not', async () => {
    const organization = await usher.organization()
    const scim = await organization.scimClient()
    const { id } = await scim.must('POST', '/Users', user('ann'))
    const clean = await run(['verify', organization.slug])
    assert.equal(clean.code, 0, clean.err)
    assert.match(
      clean.out,
      /^Looked at 1 users, .*, 1 changes\.\nThe feed stands at 1, [\w-]+\.\n✔ Everything holds\.$/m,
    )
    await usher.store.users.everywhere.updateOne({ _id: id }, { $set: { 'search.userName': 'somebody' } })
    const damaged = await run(['verify', organization.slug])
    assert.equal(damaged.code, 1)
    assert.match(damaged.out, new RegExp(`^✖ comparison_form: User ${id}: .*search`, 'm'))
  })

  it('seals secrets anew', async () => {
    const organization = await usher.organization()
    await organization.connection(provider)
    const { code, out, err } = await run(['secrets', 'reseal'])
    assert.equal(code, 0, err)
    assert.match(out, /^0 sealed anew, \d+ sealed by the first key already\.$/m)
  })

  it('carries an organization over with its groups and managers, and a second import makes nothing', async () => {
    const [from, to] = [await usher.organization(), await usher.organization()]
    const scim = await from.scimClient()
    const boss = await scim.must('POST', '/Users', user('boss@example.org'))
    const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
    const manager = { value: boss.id }
    const worker = await scim.must('POST', '/Users', {
      ...user('worker@example.org', { [enterprise]: { department: 'Hall', manager } }),
    })
    const team = await scim.must(
      'POST',
      '/Groups',
      group('Team', { members: [{ value: boss.id }, { value: worker.id }] }),
    )
    await scim.must('POST', '/Groups', group('All', { members: [{ value: team.id }] }))
    const file = join(folder, 'acme.ndjson')
    const exported = await run(['export', from.slug, '--out', file])
    assert.equal(exported.code, 0, exported.err)
    assert.equal(readFileSync(file, 'utf8').trim().split('\n').length, 4)

    const imported = await run(['import', to.slug, file])
    assert.equal(imported.code, 0, imported.err)
    assert.match(imported.err, /4 made, 0 there already, 0 failed\./)
    const there = await to.scimClient()
    const people = await there.must('GET', '/Users?sortBy=userName')
    assert.deepEqual(
      people.Resources.map((one: { userName: string }) => one.userName),
      ['boss@example.org', 'worker@example.org'],
    )
    const [newBoss, newWorker] = people.Resources
    assert.equal(newWorker[enterprise].manager.value, newBoss.id)
    assert.deepEqual(newWorker.groups.map(({ display }: { display: string }) => display).sort(), ['All', 'Team'])
    // The same name in another writing is the same name.
    writeFileSync(file, readFileSync(file, 'utf8').replace('"worker@example.org"', '"Worker@Example.org"'))
    const again = await run(['import', to.slug, file])
    assert.match(again.err, /0 made, 4 there already, 0 failed\./)
    assert.equal((await there.must('GET', '/Users?sortBy=userName')).Resources[1].meta.version, newWorker.meta.version)
  })

  it('names the line of a file that is no resource, and ends with 1', async () => {
    const organization = await usher.organization()
    const file = join(folder, 'broken.ndjson')
    writeFileSync(file, `${JSON.stringify({ schemas: ['urn:none'] })}\nnonsense\n`)
    const { code, err } = await run(['import', organization.slug, file])
    assert.equal(code, 1)
    assert.match(err, /Line 2 is no JSON object/)
    const missing = await run(['import', organization.slug, join(folder, 'nowhere')])
    assert.match(missing.err, /cannot be read/)
  })
})
