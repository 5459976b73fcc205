import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { dialectsPage } from '../../docs/dialects-page.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { limits } from '../../src/scim/limits.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const pages = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...globSync('{docs,deploy}/**/*.md', { cwd: root })]

describe('The documentation', () => {
  it('has the table of dialects that the code has; `npm run docs` writes it', () => {
    assert.equal(read('docs/dialects.md'), dialectsPage())
  })

  it('names the limits that the code has', () => {
    const text = read('docs/scim.md')
    for (const limit of Object.values(limits)) {
      const shown = limit === 1_048_576 ? '1 MiB' : limit.toLocaleString('en-US')
      assert.ok(text.includes(shown), `docs/scim.md does not name ${shown}`)
    }
  })

  it('names every metric', async () => {
    const text = read('docs/operations/README.md')
    const metrics = createMetrics({ process: false })
    metrics.watchPool(() => ({ checkedOut: 0, waiting: 0 }))
    metrics.watchFeed(async () => ({ unnumbered: 0, lag: 0 }))
    const names = (await metrics.figures()).map((figure) => 'name' in figure && figure.name)
    assert.ok(names.length >= 20, names.join(' '))
    assert.deepEqual(
      names.filter((name) => !text.includes(`\`${name}\``)),
      [],
    )
  })

  it('names every tolerance that the log line of a request can name', () => {
    const text = read('docs/scim.md')
    const files = globSync('src/**/*.ts', { cwd: root })
    const names = files.flatMap((file) =>
      [...read(file).matchAll(/\bnote(?:\?\.)?\('([^']+)'\)/g)].map(([, name]) => name),
    )
    assert.ok(names.length >= 20)
    assert.deepEqual(
      names.filter((name) => !text.includes(`\`${name}\``)),
      [],
    )
  })

  for (const page of pages) {
    it(`has no dead link in ${page}`, () => {
      const links = [...read(page).matchAll(/\]\(([^)\s#]*)(?:#([^)\s]+))?\)/g)]
      const dead = links.flatMap(([, target = '', anchor]) => {
        if (/^[a-z]+:/.test(target)) return []
        const file = target === '' ? page : join(dirname(page), target)
        const isThere = existsSync(join(root, file)) && (anchor === undefined || anchorsOf(read(file)).has(anchor))
        return isThere ? [] : [`${target}${anchor === undefined ? '' : `#${anchor}`}`]
      })
      assert.deepEqual(dead, [])
    })
  }

  it('can be reached from the README, page by page', () => {
    const reached = new Set(['README.md'])
    for (const page of reached) {
      for (const [, target = ''] of read(page).matchAll(/\]\(([^)\s#:]+)(?:#[^)\s]*)?\)/g)) {
        const file = join(dirname(page), target)
        if (!existsSync(join(root, file))) continue
        // a link to a folder leads to all of it
        for (const found of file.endsWith('.md') ? [file] : globSync(`${file}/*.md`, { cwd: root })) reached.add(found)
      }
    }
    assert.deepEqual(
      pages.filter((page) => !reached.has(page)),
      [],
    )
  })
})

/** The anchors that GitHub makes of headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)
  const anchors = [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
  return new Set(anchors)
}
