/** Usher as it is started by `npm start` with a database, logging included. */
import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { listen } from '../src/http/listen.ts'
import { createLogger } from '../src/http/log.ts'
import { openStore } from '../src/store/store.ts'
import { ownFigures, reportTo } from './process.ts'

const config = readConfig(process.env)
const store = await openStore({ uri: config.mongodbUri! })
await store.prepare()
const app = await createApp({ config, store, log: createLogger(config.logLevel), version: 'bench' })
await listen(app.server, config)
const stop = async () => {
  app.server.closeAllConnections()
  await app.stop()
  await store.close()
}
reportTo(process, ownFigures(config.publicUrl, stop))
