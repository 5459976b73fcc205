/** Usher as several processes that share the port, as it is started with `USHER_WORKERS`; it reports for all of them. */
import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { readConfig } from '../src/config.ts'
import { createLogger } from '../src/http/log.ts'
import { superviseWorkers } from '../src/workers.ts'
import { type Measured, type Memory, measuredIn, ownFigures, reportTo } from './process.ts'

const { workers: count, logLevel, publicUrl } = readConfig(process.env)
cluster.setupPrimary({ exec: fileURLToPath(new URL('usher-process.ts', import.meta.url)) })
const reports: Promise<Measured>[] = []
const { promise: allForked, resolve } = Promise.withResolvers<void>()
cluster.on('fork', ({ process: child }) => {
  if (reports.push(measuredIn(child)) === count) resolve()
})
const supervision = superviseWorkers({ count, environment: {}, log: createLogger(logLevel) })
await supervision.ready
await allForked
const own = ownFigures(publicUrl, supervision.stop)
const all = [own, ...(await Promise.all(reports))]

reportTo(process, {
  ...own,
  async cpu() {
    const times = await Promise.all(all.map((one) => one.cpu()))
    return times.reduce((sum, time) => sum + time, 0)
  },
  async memory() {
    const memories = await Promise.all(all.map((one) => one.memory()))
    const sum = (name: keyof Memory) => memories.reduce((total, memory) => total + memory[name], 0)
    return { resident: sum('resident'), peak: sum('peak'), heap: sum('heap') }
  },
})
