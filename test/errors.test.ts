import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { openApiDocument } from '../src/admin/openapi.ts'
import { errorCatalogue } from '../src/errors.ts'

const documentation = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')

/** `| code | status | keyword | title |` of each row of the tables. */
function documentedCodes(): Record<string, unknown> {
  const rows = documentation.matchAll(/^\| `(\w+)` \| (\d{3}) \| (?:`(\w+)`|–) \| (.+) \|$/gm)
  return Object.fromEntries(
    [...rows].map(([, code, status, scimType, title]) => [
      code,
      { status: Number(status), title, ...(scimType === undefined ? {} : { scimType }) },
    ]),
  )
}

test('the documentation lists every error code with its status, SCIM keyword and title, and no other', () => {
  assert.deepEqual(documentedCodes(), { ...errorCatalogue })
})

test('the OpenAPI document lists every error code, and no other', () => {
  const { components } = openApiDocument() as {
    readonly components: {
      readonly schemas: { readonly Problem: { readonly properties: Readonly<Record<string, unknown>> } }
    }
  }
  const { enum: codes } = components.schemas.Problem.properties.code as { readonly enum: readonly string[] }
  assert.deepEqual([...codes].sort(), Object.keys(errorCatalogue).sort())
})

test('every code is written in lower case with underscores and has a status of an error', () => {
  for (const [code, { status, title }] of Object.entries(errorCatalogue)) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/)
    assert.ok(status >= 400 && status < 600, code)
    assert.match(title, /^[A-Z].*[^.]$/, code)
  }
})
