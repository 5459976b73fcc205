import { createWriteStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createInflateRaw } from 'node:zlib'

/** What the central directory of an archive says of one entry. */
interface Entry {
  readonly compressed: boolean
  readonly size: number
  readonly headerAt: number
}

/**
 * Writes one entry of a zip archive to a file. Reads what the format's central directory (APPNOTE 4.3.12) says and
 * nothing else: archives above 4 GB, encrypted ones and other methods than "stored" and "deflated" are refused.
 *
 * @throws Error when the archive cannot be read or has no such entry.
 */
export async function extractEntry(archive: string, name: string, target: string): Promise<void> {
  const file = await open(archive)
  try {
    const entry = await findEntry(file, name)
    const header = await readAt(file, entry.headerAt, 30)
    if (header.readUInt32LE(0) !== 0x04034b50) throw new Error('the entry has no header')
    const start = entry.headerAt + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
    const content = file.createReadStream({ start, end: start + entry.size - 1, autoClose: false })
    if (entry.compressed) await pipeline(content, createInflateRaw(), createWriteStream(target))
    else await pipeline(content, createWriteStream(target))
  } finally {
    await file.close()
  }
}

async function findEntry(file: FileHandle, name: string): Promise<Entry> {
  const directory = await readDirectory(file)
  for (let at = 0; at + 46 <= directory.length; ) {
    if (directory.readUInt32LE(at) !== 0x02014b50) break
    const nameLength = directory.readUInt16LE(at + 28)
    if (directory.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const method = directory.readUInt16LE(at + 10)
      const encrypted = (directory.readUInt16LE(at + 8) & 1) === 1
      if (encrypted || (method !== 0 && method !== 8))
        throw new Error(`${name} is stored in a way that is not supported`)
      return {
        compressed: method === 8,
        size: directory.readUInt32LE(at + 20),
        headerAt: directory.readUInt32LE(at + 42),
      }
    }
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
  throw new Error(`the archive has no entry ${name}`)
}

async function readDirectory(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat()
  // The end record is the last thing in the file, behind it at most a comment of 65,535 bytes.
  const tail = await readAt(file, Math.max(0, size - 65_557), Math.min(size, 65_557))
  const at = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  if (at < 0 || at + 22 > tail.length) throw new Error('this is not a zip archive')
  return readAt(file, tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 12))
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  if (bytesRead !== length) throw new Error('the archive ends too early')
  return buffer
}
