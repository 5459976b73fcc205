/**
 * What the same work costs without Usher: a bare Express handler that does the same number and kind of driver calls on
 * the same collections, with the same indexes, and answers a document of the same size.
 */
import type { AddressInfo } from 'node:net'
import express from 'express'
import mongoose from 'mongoose'
import { floorHandlers } from './floor.ts'
import { ownFigures, reportTo } from './process.ts'

const client = new mongoose.mongo.MongoClient(process.env.MONGODB_URI!, {
  maxPoolSize: 25,
  minPoolSize: 2,
  ignoreUndefined: true,
})
await client.connect()

const app = express()
app.set('etag', false)
app.use(express.json())
for (const [name, handler] of Object.entries(floorHandlers(client))) {
  app.post(`/${name}`, async (request, response) => {
    response.json(await handler(request.body))
  })
}
const server = app.listen(0, '127.0.0.1', () => {
  // A connection may have nothing to do for as long as another number of requests is in flight.
  server.keepAliveTimeout = 120_000
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    server.closeAllConnections()
    await client.close()
  }
  reportTo(process, ownFigures(`http://127.0.0.1:${port}`, stop))
})
