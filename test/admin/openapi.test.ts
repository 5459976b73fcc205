import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openApiDocument } from '../../src/admin/openapi.ts'
import { createAdminRouter, expressPath } from '../../src/admin/router.ts'

interface Layer {
  readonly route?: { readonly path: string; readonly stack: readonly { readonly method?: string }[] }
}

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId?: string }>>>>
}

const document = openApiDocument() as unknown as Document

/** `get /organizations/:org` for every route that Express has. */
function mountedRoutes(): readonly string[] {
  const { stack } = createAdminRouter({} as never) as unknown as { readonly stack: readonly Layer[] }
  return stack.flatMap(({ route }) =>
    (route?.stack ?? []).flatMap(({ method }) => (method === undefined ? [] : [`${method} ${route?.path}`])),
  )
}

function describedRoutes(): readonly string[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${expressPath(path)}`),
  )
}

test('the document describes every route that is mounted, and no other', () => {
  assert.deepEqual([...describedRoutes()].sort(), [...mountedRoutes()].sort())
})

test('no route is mounted twice, and each has a name of its own', () => {
  assert.equal(new Set(mountedRoutes()).size, mountedRoutes().length)
  const names = Object.values(document.paths).flatMap((operations) =>
    Object.values(operations).map(({ operationId }) => operationId),
  )
  assert.equal(new Set(names).size, names.length)
})

test('the document is OpenAPI 3.1 and every reference in it leads somewhere', () => {
  assert.match(document.openapi, /^3\.1\./)
  const references = JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)
  for (const [, path = ''] of references) {
    const target = path.split('/').reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], document)
    assert.ok(target !== undefined, path)
  }
})
