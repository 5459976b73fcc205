import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { dialectsPage } from '../../docs/dialects-page.ts'
import { errorCatalogue } from '../../src/errors.ts'
import { limits } from '../../src/scim/limits.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const pages = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: root })]

describe('The documentation', () => {
  it('has the table of dialects that the code has; `npm run docs` writes it', () => {
    assert.equal(read('docs/dialects.md'), dialectsPage())
  })

  it('says for every refusal of a login what to do', () => {
    const text = read('docs/logins.md')
    const refusals = Object.keys(errorCatalogue)
    const logins = refusals.slice(refusals.indexOf('connection_disabled'))
    const silent = logins.filter((code) => !text.includes(`| \`${code}\` |`))
    assert.deepEqual(silent, [])
  })

  it('names the limits that the code has', () => {
    const text = read('docs/scim.md')
    for (const limit of Object.values(limits)) {
      const shown = limit === 1_048_576 ? '1 MiB' : limit.toLocaleString('en-US')
      assert.ok(text.includes(shown), `docs/scim.md does not name ${shown}`)
    }
  })

  for (const page of pages) {
    it(`has no dead link in ${page}`, () => {
      const links = [...read(page).matchAll(/\]\(([^)\s#]+)(?:#[\w-]+)?\)/g)].map(([, target = '']) => target)
      const local = links.filter((target) => !/^[a-z]+:/.test(target))
      const dead = local.filter((target) => !existsSync(join(root, dirname(page), target)))
      assert.deepEqual(dead, [])
    })
  }
})
