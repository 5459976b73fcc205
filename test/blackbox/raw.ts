/** Requests that fetch would tidy up: exactly these headers, these bytes, this path. */
import { request } from 'node:http'
import { connect } from 'node:net'
import type { Answer, Usher } from './usher.ts'

export interface RawRequest {
  readonly method?: string
  /** As it stands, without normalisation. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Announces the length of the body; otherwise it is sent in chunks. */
  readonly length?: boolean
}

/** Sends a request with no header but these, `Host` and what frames the body. */
export function send(base: string, { method = 'GET', path, headers = {}, body, length = true }: RawRequest) {
  return new Promise<Answer>((resolve, reject) => {
    const bytes = body === undefined ? undefined : Buffer.from(body)
    const framing = bytes !== undefined && length ? { 'content-length': String(bytes.length) } : {}
    const { hostname, port } = new URL(base)
    const options = { hostname, port, method, path, headers: { ...headers, ...framing }, agent: false }
    const outgoing = request(options, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const received = new Headers()
        for (const [name, value] of Object.entries(incoming.headers)) received.set(name, String(value))
        resolve({ status: incoming.statusCode ?? 0, headers: received, body: readJson(text), text })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(bytes)
  })
}

/** An organization with a SCIM client whose requests have exactly these headers besides the credentials. */
export async function rawHouse(usher: Usher, settings: Readonly<Record<string, unknown>> = {}) {
  const organization = await usher.organization()
  const scim = await organization.scimClient(settings)
  const base = `/scim/v2/${organization.slug}`
  const authorization = `Bearer ${scim.token}`
  const raw = (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body?: string | Uint8Array,
  ) => send(usher.url, { method, path: base + path, headers: { authorization, ...headers }, ...(body && { body }) })
  return { organization, scim, base, raw }
}

/** Writes bytes to the port and gives what comes back until the other side closes. */
export function speak(base: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(base)
    const socket = connect(Number(port), hostname, () => socket.write(text, 'latin1'))
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk.toString()
    })
    socket.on('end', () => socket.end())
    socket.on('close', () => resolve(answer))
    socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)))
  })
}

function readJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
