import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findMongod } from '../../src/store/embedded/binary.ts'

/** Stands for a `mongod`: all that is asked of it here is its version. */
function place(path: string, version: string): string {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, `#!/bin/sh\necho 'db version v${version}'\n`)
  chmodSync(path, 0o755)
  return path
}

describe('the search for a mongod', () => {
  let folder: string
  let lines: string[]
  const onProgress = (line: string) => lines.push(line)

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'usher-mongod-'))
    lines = []
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('takes the binary that the settings name before any other', async () => {
    const binary = place(join(folder, 'named/mongod'), '7.0.1')
    const env = { PATH: join(folder, 'path'), XDG_CACHE_HOME: folder }
    place(join(folder, 'path/mongod'), '8.0.1')
    assert.deepEqual(await findMongod({ binary, onProgress, env }), { path: binary, version: '7.0.1' })
  })

  it('then the one on the PATH, then the newest that was fetched before', async () => {
    const onPath = place(join(folder, 'path/mongod'), '8.0.1')
    const fetched = place(join(folder, 'usher/mongod-10.0.1'), '10.0.1')
    place(join(folder, 'usher/mongod-9.0.1'), '9.0.1')
    const withPath = await findMongod({ onProgress, env: { PATH: join(folder, 'path'), XDG_CACHE_HOME: folder } })
    assert.equal(withPath.path, onPath)
    const withoutPath = await findMongod({ onProgress, env: { PATH: '', XDG_CACHE_HOME: folder } })
    assert.deepEqual(withoutPath, { path: fetched, version: '10.0.1' })
  })

  it('passes over one that is too old or does not run, with one line', async () => {
    place(join(folder, 'old/mongod'), '4.4.30')
    lines.length = 0
    const found = await findMongod({ onProgress, env: { PATH: join(folder, 'old'), XDG_CACHE_HOME: folder } })
    assert.equal(found.version, '10.0.1')
    assert.deepEqual(lines, ['The mongod on the PATH is passed over: it is MongoDB 4.4.30; 6.0 or newer is needed'])
  })

  it('refuses a named binary that cannot be used, without trying another', async () => {
    const env = { PATH: join(folder, 'path'), XDG_CACHE_HOME: folder }
    await assert.rejects(findMongod({ binary: join(folder, 'none'), onProgress, env }), /USHER_MONGOD names/)
  })
})
