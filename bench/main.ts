/**
 * How fast Usher is, against the floor of the same run: the same driver calls in a bare Express handler.
 *
 * npm run bench -- [--users N] [--members N] [--large N] [--seconds S] [--in-flight N,N…] [--only TEXT] [--json FILE]
 *                  [--profile DIR]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../src/store/embedded/server.ts'
import { compareBulk, measureBulk } from './bulk.ts'
import { compareFilters, measureFilters } from './filter.ts'
import { type Flatness, measureFlatness } from './flat.ts'
import { checkLosses } from './losses.ts'
import { Client, measureInTurns } from './measure.ts'
import { operationsOn } from './operations.ts'
import { type Options, readOptions } from './options.ts'
import { type Measured, startProcess } from './process.ts'
import { type Comparison, type Figure, showReport } from './report.ts'
import { openSite, type Site } from './site.ts'

/** First logins that one second of measuring may use up. */
const tokensPerSecond = 1_500
const noFlatness: Flatness = { figures: [], comparisons: [] }

const options = readOptions(process.argv.slice(2))
const dataDir = await mkdtemp(join(tmpdir(), 'usher-bench-'))
const database = await startEmbedded({ dataDir, onProgress: console.log, binary: process.env.USHER_MONGOD })
try {
  await run(options, database.uri)
} finally {
  await database.stop()
  await rm(dataDir, { recursive: true, force: true })
}

async function run(options: Options, uri: string): Promise<void> {
  const floor = await startProcess('floor-process.ts', { MONGODB_URI: uri })
  const connections = Math.max(...options.inFlight)
  const floorClient = new Client(floor.url, connections)
  const site = await openSite({ ...options, uri, dataDir, connections })
  try {
    const flatness = options.large === 0 ? noFlatness : await flatnessOf(site, options, uri, connections)
    await prepareFloor(floorClient, site)
    const figures = await measureOperations(site, floor, floorClient, options)
    const bulks = await measureBulk(site.stage, site.process, site.client, options)
    const fixed = () => ({ method: 'POST', path: '/fixed', body: {}, status: 200 })
    const settings = { seconds: options.seconds, inFlight: connections }
    const [alone] = await measureInTurns([{ process: floor, client: floorClient, asking: fixed }], settings)
    const losses = await checkLosses(site.stage, site.client)
    if (losses.some(({ asked, kept }) => kept !== asked)) process.exitCode = 1
    const slowest = measureFilters()
    const memory = await site.process.memory()
    const comparisons = [
      ...compare(figures, options),
      ...bulks.map(compareBulk),
      ...flatness.comparisons,
      compareFilters(slowest),
    ]
    console.log(`\n${showReport({ figures, bulks, flat: flatness.figures, comparisons, losses, memory })}\n`)
    console.log(`Express alone, a fixed answer: ${alone!.rate.toFixed(0)}/s, ${alone!.cpu.toFixed(2)} ms CPU each`)
    if (options.json !== undefined) {
      const machine = { processors: cpus().map(({ model }) => model), memory: totalmem(), node: process.version }
      const measured = { figures, bulks, flat: flatness.figures, comparisons, losses, filter: slowest, memory }
      const text = JSON.stringify({ options, machine, ...measured, express: alone }, null, 2)
      await writeFile(options.json, `${text}\n`)
    }
  } finally {
    floorClient.close()
    await site.stop()
    await floor.stop()
  }
}

/** A second database of the same server, so that neither directory has the other's index entries around its own. */
async function flatnessOf(small: Site, options: Options, uri: string, connections: number): Promise<Flatness> {
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
  site: Site,
  floor: Measured,
  floorClient: Client,
  options: Options,
): Promise<readonly Figure[]> {
  const tokens = Math.ceil(options.seconds * tokensPerSecond * options.inFlight.length)
  const figures: Figure[] = []
  for (const compared of await operationsOn(site.stage, site.client, tokens)) {
    const operations = compared.filter(({ name }) => name.includes(options.only))
    const sides = operations.flatMap((operation) => [
      { process: site.process, client: site.client, asking: operation.usher },
      { process: floor, client: floorClient, asking: operation.floor },
    ])
    for (const inFlight of operations.length === 0 ? [] : options.inFlight) {
      const readings = await measureInTurns(sides, { seconds: options.seconds, inFlight })
      for (const [index, { name, mark }] of operations.entries()) {
        figures.push({ name, inFlight, mark, usher: readings[index * 2]!, floor: readings[index * 2 + 1]! })
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
