/** A process that holds an embedded database on the folder it is given, until it is asked to end. */
import { startEmbedded } from '../../src/store/embedded/server.ts'

const [, , dataDir = ''] = process.argv
const server = await startEmbedded({ dataDir, binary: process.env.USHER_MONGOD, onProgress: () => {} })

async function end(): Promise<void> {
  await server.stop()
  process.exit(0)
}

process.once('SIGTERM', end)
process.once('SIGINT', end)
console.log('ready')
