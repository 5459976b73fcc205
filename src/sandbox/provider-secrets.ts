import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import { z } from 'zod'

const providerSecrets = z.object({
  clientSecret: z.string(),
  cookieKey: z.string(),
  key: z.looseObject({ kty: z.literal('EC'), kid: z.string(), d: z.string() }),
})

/** What the demo identity provider must keep over a restart, so that the connection to it goes on working. */
export type ProviderSecrets = z.output<typeof providerSecrets>

/** Reads the secrets from the data folder, or makes them at the first start. */
export async function loadProviderSecrets(dataDir: string): Promise<ProviderSecrets> {
  const path = join(dataDir, 'sandbox-provider.json')
  const present = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (present !== null) return providerSecrets.parse(JSON.parse(present))
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const made = providerSecrets.parse({
    clientSecret: randomBytes(32).toString('base64url'),
    cookieKey: randomBytes(32).toString('base64url'),
    key: { ...(await exportJWK(privateKey)), kid: randomBytes(8).toString('hex'), use: 'sig', alg: 'ES256' },
  })
  await mkdir(dataDir, { recursive: true })
  await writeFile(path, JSON.stringify(made), { mode: 0o600 })
  return made
}
