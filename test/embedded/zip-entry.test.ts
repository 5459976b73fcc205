import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { extractEntry } from '../../src/store/embedded/zip-entry.ts'

/** A zip archive with these entries, in the form of APPNOTE 4.3. */
function zip(entries: Readonly<Record<string, Buffer>>, method: 0 | 8): Buffer {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  for (const [name, content] of Object.entries(entries)) {
    const data = method === 8 ? deflateRawSync(content) : content
    const offset = locals.reduce((sum, part) => sum + part.length, 0)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(name.length, 26)
    local.writeUInt16LE(4, 28)
    locals.push(local, Buffer.from(name), Buffer.alloc(4), data)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE(method, 10)
    central.writeUInt32LE(data.length, 20)
    central.writeUInt32LE(content.length, 24)
    central.writeUInt16LE(name.length, 28)
    central.writeUInt32LE(offset, 42)
    centrals.push(central, Buffer.from(name))
  }
  const body = Buffer.concat(locals)
  const directory = Buffer.concat(centrals)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(body.length, 16)
  return Buffer.concat([body, directory, end])
}

describe('one entry of a zip archive', () => {
  let folder: string
  const content = Buffer.from('mongod '.repeat(10_000))

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'usher-zip-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const [name, method] of [
    ['deflated', 8],
    ['stored', 0],
  ] as const) {
    it(`is written to a file (${name})`, async () => {
      const archive = join(folder, name)
      writeFileSync(archive, zip({ 'a/other': Buffer.from('x'), 'a/mongod': content, last: Buffer.from('y') }, method))
      await extractEntry(archive, 'a/mongod', join(folder, 'out'))
      assert.ok(readFileSync(join(folder, 'out')).equals(content))
    })
  }

  it('that is not there, and a file that is no archive, are refused', async () => {
    const archive = join(folder, 'archive')
    writeFileSync(archive, zip({ a: content }, 8))
    await assert.rejects(extractEntry(archive, 'b', join(folder, 'out')), /no entry b/)
    writeFileSync(archive, 'no archive at all')
    await assert.rejects(extractEntry(archive, 'a', join(folder, 'out')), /not a zip archive/)
  })
})
