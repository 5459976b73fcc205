import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OrganizationContext, OrganizationsEnvironment } from '../organizations/environment.ts'
import { createScimToken } from '../organizations/scim-tokens.ts'
import type { Organizations } from '../organizations/types.ts'

/**
 * A token of the demo's SCIM client for the start page. Tokens are kept as hashes, so this one is remembered in the
 * data folder, and made anew when it no longer works.
 */
export async function keepScimToken(
  rooms: {
    readonly environment: OrganizationsEnvironment
    readonly organizations: Pick<Organizations, 'authenticate'>
    readonly dataDir: string
  },
  operator: OrganizationContext,
  client: string,
): Promise<string> {
  const path = join(rooms.dataDir, 'sandbox-scim-token')
  const remembered = (await readFile(path, 'utf8').catch(() => '')).trim()
  if (remembered !== '') {
    const known = await rooms.organizations.authenticate(remembered, operator.now)
    if (known?.principal.kind === 'scim' && known.principal.id === client) return remembered
  }
  const { token } = await createScimToken(rooms.environment, operator, client)
  await mkdir(rooms.dataDir, { recursive: true })
  await writeFile(path, `${token}\n`, { mode: 0o600 })
  return token
}
