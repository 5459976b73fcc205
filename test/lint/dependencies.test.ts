import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { allViolations, violations } from './dependencies.ts'

describe('the dependency rule', () => {
  it('holds in src/', () => {
    assert.deepEqual(allViolations(join(import.meta.dirname, '../..')), [])
  })

  it('catches what would break the picture', () => {
    const broken: readonly (readonly [file: string, text: string])[] = [
      ['schema/registry.ts', "import { readFileSync } from 'node:fs'"],
      ['filter/parse.ts', "import type { Request } from 'express'"],
      ['filter/compile.ts', "import { plan } from '../directory/plan.ts'"],
      ['patch/apply.ts', "import {\n  mongo,\n  Types,\n} from 'mongoose'"],
      ['provisioning/decide.ts', "import { users } from '../store/users.ts'"],
      ['provisioning/decide.ts', "import type { Logger } from '../http/log.ts'"],
      ['provisioning/decide.ts', "export { x } from 'node:crypto'"],
      ['directory/apply.ts', "import SCIMMY from 'scimmy'"],
      ['directory/apply.ts', "import { createLogger } from '../http/log.ts'"],
      ['scim/users.ts', "import type { UserDocument } from '../store/models.ts'"],
      ['admin/app.ts', "import * as client from 'openid-client'"],
      ['login/start.ts', "const mongoose = await import('mongoose')"],
      ['http/app.ts', "import 'left-pad'"],
      ['unknown/file.ts', "import { plan } from '../directory/plan.ts'"],
    ]
    for (const [file, text] of broken) assert.equal(violations(file, text).length, 1, `${file}: ${text}`)
  })

  it('lets through what the picture shows', () => {
    const sound: readonly (readonly [file: string, text: string])[] = [
      ['schema/documents.ts', "import { readFileSync } from 'node:fs'"],
      [
        'filter/compile.ts',
        "import { UsherError } from '../errors.ts'\nimport type { Registry } from '../schema/types.ts'",
      ],
      ['directory/apply.ts', "import { users } from '../store/users.ts'\nimport type { Logger } from '../http/log.ts'"],
      ['store/embedded/launch.ts', "import { x } from 'mongodb-memory-server-core/lib/x.js'"],
      ['login/callback.ts', "import * as client from 'openid-client'\nimport { parse } from './parse.ts'"],
      ['app.ts', "import { connect } from './store/connect.ts'"],
      ['patch/apply.ts', "/**\n * import { x } from 'express'\n */"],
    ]
    for (const [file, text] of sound) assert.deepEqual(violations(file, text), [])
  })
})
