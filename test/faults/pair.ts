import { adminToken, type Service, serviceAt } from '../blackbox/usher.ts'
import { type Owner, temporaryFolder, UsherProcess } from './usher-process.ts'

/** Two Ushers, each a process of its own, on one database. */
export interface Pair {
  readonly urls: readonly [string, string]
  readonly doors: readonly Service[]
  /** Kills the first one as a power failure does. Gives what starts it again, in the same place. */
  readonly killOne: () => Promise<() => Promise<void>>
  readonly readiness: () => Promise<readonly (number | null)[]>
}

type Settings = Readonly<Record<string, string>>

/**
 * They end with their owner.
 * @param later gives the settings of the second one when the first one is ready, if they are others
 */
export async function startPair(owner: Owner, settings: Settings, later = () => settings): Promise<Pair> {
  const common = { USHER_ADMIN_TOKEN: adminToken, USHER_DATA_DIR: temporaryFolder(owner) }
  // The first one makes the key by which secrets are sealed.
  const first = { usher: await UsherProcess.ready({ ...common, ...settings }, owner) }
  const second = await UsherProcess.ready({ ...common, ...later() }, owner)
  const { port } = new URL(first.usher.url)
  // A failure that is no fault of the database has its cause in the log only.
  owner.after(() => {
    for (const { output } of [first.usher, second]) {
      for (const line of output.split('\n')) if (line.includes('"code":"internal_error"')) console.error(line)
    }
  })
  const urls = [first.usher.url, second.url] as const
  return {
    urls,
    doors: urls.map(serviceAt),
    async killOne() {
      first.usher.kill('SIGKILL')
      await first.usher.ended
      return async () => {
        first.usher = await UsherProcess.ready({ ...common, ...settings, USHER_PORT: port }, owner)
      }
    },
    readiness: () => Promise.all([first.usher.readiness(), second.readiness()]),
  }
}
