/** Secrets that must be read again, such as the client secret of a connection: AES-256-GCM under a key of this server. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsherError } from '../errors.ts'

export interface Sealing {
  /** `owner` is bound into the text: a sealed text opens for the same owner only. */
  readonly seal: (secret: string, owner: string) => string
  /** @throws UsherError `internal_error` for a text of another key or owner, or one that was changed */
  readonly open: (sealed: string, owner: string) => string
  /** Whether the key that seals has sealed it, rather than one that only opens. */
  readonly isPresent: (sealed: string) => boolean
}

const algorithm = 'aes-256-gcm'
const keyLength = 32
const nonceLength = 12
const tagLength = 16

/**
 * `key` has 32 bytes. A sealed text is `v1.{key id}.{nonce}.{tag and ciphertext}`, so that it is known which key opens
 * it; `olderKeys` only open.
 */
export function createSealing(key: Uint8Array, olderKeys: readonly Uint8Array[] = []): Sealing {
  const keys = new Map([...olderKeys, key].map((each) => [keyIdOf(each), each]))
  const current = keyIdOf(key)
  return {
    seal: (secret, owner) => {
      const nonce = randomBytes(nonceLength)
      const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagLength }).setAAD(Buffer.from(owner))
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      const sealed = Buffer.concat([cipher.getAuthTag(), text])
      return `v1.${current}.${nonce.toString('base64url')}.${sealed.toString('base64url')}`
    },
    isPresent: (sealed) => sealed.startsWith(`v1.${current}.`),
    open: (sealed, owner) => {
      const [version, keyId = '', nonce = '', rest = ''] = sealed.split('.')
      const opening = keys.get(keyId)
      if (version !== 'v1' || opening === undefined) throw unreadable(`sealed with the unknown key ${keyId}`)
      const bytes = Buffer.from(rest, 'base64url')
      try {
        const decipher = createDecipheriv(algorithm, opening, Buffer.from(nonce, 'base64url'), {
          authTagLength: tagLength,
        })
        decipher.setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(0, tagLength))
        return Buffer.concat([decipher.update(bytes.subarray(tagLength)), decipher.final()]).toString('utf8')
      } catch (error) {
        throw unreadable(error)
      }
    },
  }
}

/**
 * The keys of the settings, the first of which seals, and behind them the key of the data folder if it has one, which
 * opens what it sealed before there was a setting. Without a setting it is the data folder's, which is made if need be.
 */
export async function loadSealing(dataDir: string, keys: readonly Uint8Array[] | undefined): Promise<Sealing> {
  const [first, ...older] = keys ?? []
  if (first === undefined) return createSealing(await loadSealingKey(dataDir))
  const file = keyFile(dataDir)
  return createSealing(first, existsSync(file) ? [await readKey(file), ...older] : older)
}

/**
 * The key of a data folder, made at the first start: `{dataDir}/secret.key`, 32 bytes in base64url, readable for its
 * owner only. Processes that start together end with the same key.
 */
export async function loadSealingKey(dataDir: string): Promise<Uint8Array> {
  const path = keyFile(dataDir)
  await mkdir(dataDir, { recursive: true })
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(`${randomBytes(keyLength).toString('base64url')}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return readKey(path)
}

function keyFile(dataDir: string): string {
  return join(dataDir, 'secret.key')
}

/** The process that makes the file may still be writing it. */
async function readKey(path: string): Promise<Uint8Array> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const key = Buffer.from((await readFile(path, 'utf8')).trim(), 'base64url')
    if (key.length === keyLength) return key
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${path} does not hold a key of ${keyLength} bytes`)
}

function keyIdOf(key: Uint8Array): string {
  return createHash('sha256').update('key id').update(key).digest('hex').slice(0, 8)
}

function unreadable(cause: unknown): UsherError {
  return new UsherError('internal_error', 'A stored secret cannot be read. Set it again.', { cause })
}
