/** Each operation against its floor of the same run: the same driver calls in a bare Express handler. */
import { compareBulk, measureBulk } from './bulk.ts'
import type { Comparison } from './comparison.ts'
import { type Database, watched } from './database.ts'
import { compareFilters, measureFilters, type SlowestFilter } from './filter.ts'
import { type Flatness, measureFlatness } from './flat.ts'
import { checkLosses } from './losses.ts'
import { Client, measureInTurns, type Reading } from './measure.ts'
import { markedInFlight, operationsOn } from './operations.ts'
import type { Options } from './options.ts'
import { type Measured, startProcess } from './process.ts'
import type { Figure, Report } from './report.ts'
import { openSite, type Site } from './site.ts'

/** First logins that one second of measuring may use up. */
const tokensPerSecond = 1_500
const noFlatness: Flatness = { figures: [], comparisons: [] }

/** Everything that the report shows, and what is written besides. */
export interface AgainstFloor extends Report {
  readonly filter: SlowestFilter
  /** Express alone, which answers always the same. */
  readonly express: Reading
}

export async function measureAgainstFloor(database: Database, options: Options): Promise<AgainstFloor> {
  const { uri, dataDir } = database
  const floor = await startProcess('floor-process.ts', { MONGODB_URI: uri })
  const connections = Math.max(...options.inFlight)
  const floorClient = new Client(floor.url, connections)
  const { users, members, profile } = options
  const site = await openSite({ uri, dataDir, users, members, connections, profile })
  try {
    const flatness = options.large === 0 ? noFlatness : await flatnessOf(site, database, options, connections)
    await prepareFloor(floorClient, site)
    const figures = await measureOperations(site, { process: floor, client: floorClient }, database, options)
    const bulks = await measureBulk(site.stage, site.process, site.client, options)
    const fixed = () => ({ method: 'POST', path: '/fixed', body: {}, status: 200 })
    const settings = { seconds: options.seconds, inFlight: connections }
    const [express] = await measureInTurns([{ process: floor, client: floorClient, asking: fixed }], settings)
    const losses = await checkLosses(site.stage, site.client)
    const filter = measureFilters()
    const comparisons = [
      ...compare(figures, options),
      ...bulks.map(compareBulk),
      ...flatness.comparisons,
      compareFilters(filter),
    ]
    const memory = await site.process.memory()
    return { figures, bulks, flat: flatness.figures, comparisons, losses, memory, filter, express: express! }
  } finally {
    floorClient.close()
    await site.stop()
    await floor.stop()
  }
}

/** A second database of the same server, so that neither directory has the other's index entries around its own. */
async function flatnessOf(
  small: Site,
  { uri, dataDir }: Database,
  options: Options,
  connections: number,
): Promise<Flatness> {
  const address = new URL(uri)
  address.pathname = `${address.pathname}-large`
  const large = await openSite({
    uri: address.href,
    dataDir,
    users: options.large,
    members: 1,
    connections,
    profile: undefined,
  })
  try {
    return await measureFlatness(small, large, options)
  } finally {
    await large.stop()
  }
}

async function prepareFloor(client: Client, { stage, client: usher }: Site): Promise<void> {
  const { org, scimUser, loginUser, largeGroup } = stage
  const user = { method: 'GET', path: `/scim/v2/${stage.slug}/Users/${scimUser}`, token: stage.token, status: 200 }
  const answer = JSON.stringify(await usher.must(user))
  const prepare = { org, scimUser, loginUser, largeGroup, answer }
  await client.must({ method: 'POST', path: '/prepare', body: prepare, status: 200 })
}

async function measureOperations(
  usher: Site,
  floor: { readonly process: Measured; readonly client: Client },
  database: Database,
  options: Options,
): Promise<readonly Figure[]> {
  const tokens = Math.ceil(options.seconds * tokensPerSecond * options.inFlight.length)
  const figures: Figure[] = []
  for (const compared of await operationsOn(usher.stage, usher.client, tokens)) {
    const operations = compared.filter(({ name }) => name.includes(options.only))
    for (const inFlight of operations.length === 0 ? [] : options.inFlight) {
      const watches = operations.flatMap(() => [watched(usher.process, database), watched(floor.process, database)])
      const sides = operations.flatMap((operation, index) => [
        { process: watches[index * 2]!.process, client: usher.client, asking: operation.usher },
        { process: watches[index * 2 + 1]!.process, client: floor.client, asking: operation.floor },
      ])
      const readings = await measureInTurns(sides, { seconds: options.seconds, inFlight })
      const databaseCpu = (side: number) => readings[side]!.cpu * watches[side]!.databaseShare()
      for (const [index, { name, mark }] of operations.entries()) {
        const [own, bare] = [index * 2, index * 2 + 1]
        const cpu = { usher: databaseCpu(own), floor: databaseCpu(bare) }
        figures.push({
          name,
          inFlight,
          mark: inFlight === markedInFlight ? mark : null,
          usher: readings[own]!,
          floor: readings[bare]!,
          database: cpu,
        })
      }
    }
  }
  return figures
}

/** What a large group may cost more than a small one, and one group for all more than none. */
function compare(figures: readonly Figure[], { members, inFlight }: Options): readonly Comparison[] {
  return inFlight.flatMap((under) => {
    const rateOf = (name: string) =>
      figures.find((figure) => figure.name === name && figure.inFlight === under)?.usher.rate ?? Number.NaN
    const growth = rateOf('add a member to a group of 10') / rateOf(`add a member to a group of ${members}`)
    const crowd = rateOf('first login into one group') / rateOf('first login')
    return [
      {
        name: `cost of a member of the large group over one of the small group, ${under} in flight`,
        value: growth,
        mark: '≤ 1.3',
        holds: growth <= 1.3,
      },
      {
        name: `rate of first logins into one group over those without a group, ${under} in flight`,
        value: crowd,
        mark: '≥ 0.6',
        holds: crowd >= 0.6,
      },
    ].filter(({ value }) => !Number.isNaN(value))
  })
}
