import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { adminRoutes } from '../../src/admin/routes.ts'
import { readPage } from './blocks.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const pages = ['README.md', 'SECURITY.md', ...globSync('{docs,deploy}/**/*.md', { cwd: root })]

interface Call {
  readonly method: string
  /** `…` stands for the beginning: the organization, or a resource that the text is about. */
  readonly isEnd: boolean
  readonly segments: readonly string[]
}

function callsIn(page: string): readonly Call[] {
  const calls = page.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (…|\/api\/v1)((?:\/[\w{}$-]+)*)/g)
  return [...calls].map(([, method = '', base, path = '']) => ({
    method,
    isEnd: base === '…',
    segments: path.split('/').slice(1),
  }))
}

/** A call meets a route when their segments are the same, or the route's is a parameter. */
function isRoute({ method, isEnd, segments }: Call): boolean {
  return adminRoutes.some((route) => {
    const path = route.path.split('/').slice(1)
    const wanted = isEnd ? path.slice(path.length - segments.length) : path
    const isLongEnough = isEnd ? path.length >= segments.length + 2 : path.length === segments.length
    const isSame = wanted.every((segment, index) => segment.startsWith('{') || segment === segments[index])
    return route.method === method.toLowerCase() && isSame && isLongEnough
  })
}

describe('The calls of the admin API that pages show', () => {
  for (const page of pages) {
    const calls = callsIn(readPage(page))
    if (calls.length === 0) continue
    it(`exist: ${page}`, () => {
      assert.deepEqual(
        calls.filter((call) => !isRoute(call)),
        [],
      )
    })
  }
})
