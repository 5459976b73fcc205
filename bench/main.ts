/**
 * How fast Usher is, against the floor of the same run: the same driver calls in a bare Express handler.
 *
 * npm run bench -- [--users N] [--members N] [--seconds S] [--in-flight N] [--only TEXT] [--json FILE] [--profile DIR]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../src/store/embedded/server.ts'
import { openStore } from '../src/store/store.ts'
import { checkLosses } from './losses.ts'
import { Client, measureInTurns } from './measure.ts'
import { operationsOn } from './operations.ts'
import { type Options, readOptions } from './options.ts'
import { startProcess } from './process.ts'
import { type Comparison, type Figure, showReport } from './report.ts'
import { operatorToken, setStage } from './stage.ts'

/** First logins that one second of measuring may use up. */
const tokensPerSecond = 1_500

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
  const environment = { MONGODB_URI: uri }
  const flags = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`]
  const usher = await startProcess('usher-process.ts', await usherSettings(environment), flags)
  const floor = await startProcess('floor-process.ts', environment)
  const usherClient = new Client(usher.url, options.inFlight)
  const floorClient = new Client(floor.url, options.inFlight)
  const store = await openStore({ uri })
  const stage = await setStage(usherClient, store, options)
  try {
    const { org, scimUser, loginUser, largeGroup } = stage
    const user = { method: 'GET', path: `/scim/v2/${stage.slug}/Users/${scimUser}`, token: stage.token, status: 200 }
    const answer = JSON.stringify(await usherClient.must(user))
    const prepare = { org, scimUser, loginUser, largeGroup, answer }
    await floorClient.must({ method: 'POST', path: '/prepare', body: prepare, status: 200 })
    const tokens = Math.ceil(options.seconds * tokensPerSecond)
    const figures: Figure[] = []
    for (const compared of await operationsOn(stage, usherClient, tokens)) {
      const operations = compared.filter(({ name }) => name.includes(options.only))
      const sides = operations.flatMap((operation) => [
        { process: usher, client: usherClient, asking: operation.usher },
        { process: floor, client: floorClient, asking: operation.floor },
      ])
      const readings = await measureInTurns(sides, options)
      for (const [index, { name, mark }] of operations.entries()) {
        const [ours, theirs] = readings.slice(index * 2)
        figures.push({ name, mark, rate: ours!.rate, cpu: ours!.cpu, floor: theirs!.rate, floorCpu: theirs!.cpu })
      }
    }
    const fixed = () => ({ method: 'POST', path: '/fixed', body: {}, status: 200 })
    const [alone] = await measureInTurns([{ process: floor, client: floorClient, asking: fixed }], options)
    const losses = await checkLosses(stage, usherClient)
    if (losses.some(({ asked, kept }) => kept !== asked)) process.exitCode = 1
    const comparisons = compare(figures, options)
    console.log(`\n${showReport(figures, comparisons, losses)}\n`)
    console.log(`Express alone, a fixed answer: ${alone!.rate.toFixed(0)}/s, ${alone!.cpu.toFixed(2)} ms CPU each`)
    if (options.json !== undefined) {
      const result = { options, node: process.version, figures, comparisons, losses, express: alone }
      await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`)
    }
  } finally {
    usherClient.close()
    floorClient.close()
    await stage.provider.close()
    await usher.stop()
    await floor.stop()
    await store.close()
  }
}

async function usherSettings(environment: { readonly MONGODB_URI: string }) {
  return {
    ...environment,
    USHER_PORT: String(await freePort()),
    USHER_DATA_DIR: dataDir,
    USHER_ADMIN_TOKEN: operatorToken,
    USHER_ALLOW_PRIVATE_ISSUERS: 'on',
    NODE_ENV: 'production',
  }
}

/** What a large group may cost more than a small one, and one group for all more than none. */
function compare(figures: readonly Figure[], { members }: Options): readonly Comparison[] {
  const rateOf = (name: string) => figures.find((figure) => figure.name === name)?.rate ?? Number.NaN
  const growth = rateOf('add a member to a group of 10') / rateOf(`add a member to a group of ${members}`)
  const crowd = rateOf('first login into one group') / rateOf('first login')
  return [
    {
      name: 'cost of a member of the large group over one of the small group',
      value: growth,
      mark: '≤ 1.3',
      holds: growth <= 1.3,
    },
    {
      name: 'rate of first logins into one group over those without a group',
      value: crowd,
      mark: '≥ 0.6',
      holds: crowd >= 0.6,
    },
  ].filter(({ value }) => !Number.isNaN(value))
}

function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
  })
  return promise
}
