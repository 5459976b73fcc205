import { CliError } from './cli-error.ts'

/** How the command line reaches a running Usher. */
export interface Target {
  /** Without a trailing slash. */
  readonly url: string
  readonly token: string
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A body as the servers answer it. What is read of it is checked where it is used. */
export type Body = Readonly<Record<string, unknown>>

/** Calls the admin API and SCIM of a running Usher with one credential. */
export class Client {
  readonly #target: Target

  constructor(target: Target) {
    this.#target = target
  }

  /** The body of an answer, empty where it has none. @throws CliError with the server's own sentence */
  async call(method: Method, path: string, body?: unknown): Promise<Body> {
    const { status, answer } = await this.ask(method, path, body)
    if (status < 400) return answer
    const code = typeof answer.code === 'string' ? answer.code : answer.scimType
    const detail = typeof answer.detail === 'string' ? answer.detail : `The answer has the status ${status}.`
    throw new CliError(typeof code === 'string' ? `${detail} (${status} ${code})` : `${detail} (${status})`)
  }

  /** The answer, whatever its status. @throws CliError when there is none */
  async ask(method: Method, path: string, body?: unknown): Promise<{ readonly status: number; readonly answer: Body }> {
    const { url, token } = this.#target
    const headers: Record<string, string> = { authorization: `Bearer ${token}` }
    if (body !== undefined) headers['content-type'] = 'application/json'
    const request = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response = await fetch(`${url}${path}`, request).catch((error: unknown) => {
      const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
      throw new CliError(`Nothing answers at ${url}: ${reason}. Give --url, and check that Usher runs there.`)
    })
    const text = await response.text()
    try {
      return { status: response.status, answer: text === '' ? {} : (JSON.parse(text) as Body) }
    } catch {
      throw new CliError(`What answers at ${url} is not Usher: it sends ${response.headers.get('content-type')}.`)
    }
  }

  /** Every item of a list of the admin API. */
  async items(path: string): Promise<readonly Body[]> {
    const items: Body[] = []
    for (let cursor: unknown = ''; cursor !== undefined; ) {
      const more = cursor === '' ? '' : `&cursor=${encodeURIComponent(String(cursor))}`
      const page = await this.call('GET', `${path}${path.includes('?') ? '&' : '?'}limit=200${more}`)
      items.push(...bodiesOf(page.items))
      cursor = page.nextCursor
    }
    return items
  }

  /** Every resource of a SCIM type, page by page, with the number there are at the beginning. */
  async *resources(path: string): AsyncGenerator<{ readonly resource: Body; readonly total: number }> {
    for (let cursor: unknown = ''; cursor !== undefined; ) {
      const page = await this.call('GET', `${path}?count=500&cursor=${encodeURIComponent(String(cursor))}`)
      for (const resource of bodiesOf(page.Resources)) yield { resource, total: Number(page.totalResults ?? 0) }
      cursor = page.nextCursor
    }
  }
}

/** The objects of a list. */
export function bodiesOf(value: unknown): readonly Body[] {
  return Array.isArray(value) ? value.filter((item): item is Body => typeof item === 'object' && item !== null) : []
}
