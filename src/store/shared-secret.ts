import { randomBytes } from 'node:crypto'
import { StoreConflict } from './failures.ts'
import type { Store } from './store.ts'

/** 32 random bytes that all processes of an installation share. */
export async function sharedSecret(store: Pick<Store, 'secrets'>, name: string): Promise<Uint8Array> {
  const known = await store.secrets.findOne({ _id: name })
  if (known !== null) return Buffer.from(known.value, 'base64url')
  try {
    await store.secrets.insertOne({ _id: name, value: randomBytes(32).toString('base64url') })
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error
  }
  const made = await store.secrets.findOne({ _id: name })
  return Buffer.from(made!.value, 'base64url')
}
