/** Usher as people start it: a process of its own, seen from outside. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../free-port.ts'

const program = join(import.meta.dirname, '../../bin/usher.mjs')

export const operatorToken = `usher_admin_${randomBytes(32).toString('hex')}`

/** Whatever lets something run at its end: a test, or the test file. */
export interface Owner {
  readonly after: (run: () => void | Promise<void>) => void
}

const testFile: Owner = { after }

export class UsherProcess {
  readonly url: string
  readonly child: ChildProcess
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** What it has written so far. */
  output = ''

  private constructor(child: ChildProcess, url: string) {
    this.child = child
    this.url = url
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
    }
    this.ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  }

  /** Starts on a free port, without waiting; the process ends with its owner at the latest. */
  static async start(settings: Readonly<Record<string, string>>, owner = testFile): Promise<UsherProcess> {
    const { USHER_PORT = String(await freePort()) } = settings
    const child = spawn(process.execPath, [program], {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        ...(process.env.XDG_CACHE_HOME && { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }),
        ...(process.env.NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
        ...(process.env.USHER_MONGOD && { USHER_MONGOD: process.env.USHER_MONGOD }),
        NODE_ENV: 'test',
        USHER_ADMIN_TOKEN: operatorToken,
        USHER_LOG_LEVEL: 'warn',
        USHER_SANDBOX: 'off',
        USHER_PORT,
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const usher = new UsherProcess(child, `http://127.0.0.1:${USHER_PORT}`)
    // A run that is broken off leaves nothing behind.
    const end = () => child.kill('SIGKILL')
    process.once('exit', end)
    owner.after(async () => {
      process.off('exit', end)
      end()
      await usher.ended
    })
    return usher
  }

  /** Starts and waits until it is ready. */
  static async ready(settings: Readonly<Record<string, string>>, owner = testFile): Promise<UsherProcess> {
    const usher = await UsherProcess.start(settings, owner)
    await usher.until(200)
    return usher
  }

  /** Waits until `/readyz` answers with this status. */
  async until(status: number): Promise<void> {
    for (const begin = performance.now(); (await this.readiness()) !== status; await delay(50)) {
      if (this.child.exitCode !== null || performance.now() - begin > 90_000) {
        throw new Error(`/readyz has not become ${status}:\n${this.output}`)
      }
    }
  }

  /** The status of `/readyz`; null when nobody answers. */
  async readiness(): Promise<number | null> {
    return fetch(`${this.url}/readyz`).then(
      ({ status }) => status,
      () => null,
    )
  }

  /** A call of the operator; `path` begins at the root. */
  async call(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text), text }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }
}

/** A folder that goes with its owner. */
export function temporaryFolder(owner = testFile): string {
  const folder = mkdtempSync(join(tmpdir(), 'usher-process-'))
  owner.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
