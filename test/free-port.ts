import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Ports that no system gives to whoever asks for any: others of the tests ask for any all the time. */
const lowest = 20_000
const highest = 32_000

/** A port of the loopback address on which nobody listens, for a server that has to be told its port. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
