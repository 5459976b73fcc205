/** A proxy in a thread of its own, so that connections can break while the thread of a test does not look. */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { TcpProxy } from './proxy.ts'

export class ThreadedProxy {
  /** The address of the database by way of the proxy. */
  readonly address: string
  readonly #worker: Worker
  readonly #done: Int32Array

  private constructor(worker: Worker, done: Int32Array, address: string) {
    this.#worker = worker
    this.#done = done
    this.address = address
  }

  static async start(database: string): Promise<ThreadedProxy> {
    const done = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(new URL(import.meta.url), { workerData: { database, done } })
    const [address] = await once(worker, 'message')
    return new ThreadedProxy(worker, done, address)
  }

  /** Breaks every connection. The caller's thread stands still meanwhile: it hears of it when it writes. */
  breakUnseen(): void {
    Atomics.store(this.#done, 0, 0)
    this.#worker.postMessage('break')
    Atomics.wait(this.#done, 0, 0)
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}

if (!isMainThread && parentPort !== null && workerData?.done instanceof Int32Array) {
  const { database, done } = workerData as { readonly database: string; readonly done: Int32Array }
  const proxy = await TcpProxy.start(database)
  parentPort.on('message', () => {
    proxy.reset()
    proxy.pass()
    // The kernel has told the other side by then.
    setTimeout(() => {
      Atomics.store(done, 0, 1)
      Atomics.notify(done, 0)
    }, 50)
  })
  parentPort.postMessage(proxy.through(database))
}
