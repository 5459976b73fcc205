/** A browser that follows redirects by hand and keeps cookies by host and path, as far as a login needs it. */
export class Browser {
  readonly #cookies = new Map<string, { readonly origin: string; readonly path: string; readonly value: string }>()

  /** One request, no redirect followed. */
  async visit(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const { origin, pathname } = new URL(url)
    const cookies = [...this.#cookies]
      .filter(([, cookie]) => cookie.origin === origin && pathname.startsWith(cookie.path))
      .map(([key, cookie]) => `${key.split(' ')[1]}=${cookie.value}`)
    const cookie: Record<string, string> = cookies.length > 0 ? { cookie: cookies.join('; ') } : {}
    const response = await fetch(url, { redirect: 'manual', headers: { ...cookie, ...headers } })
    for (const line of response.headers.getSetCookie()) this.#keep(origin, line)
    return response
  }

  /** Follows redirects until there is none, or until one leads to where `stop` says. */
  async follow(
    url: string,
    options: { readonly stop?: (url: string) => boolean; readonly headers?: Record<string, string> } = {},
  ) {
    let current = url
    for (let hops = 0; hops < 15; hops += 1) {
      const response = await this.visit(current, options.headers)
      const location = response.headers.get('location')
      if (location === null) return { url: current, response }
      current = new URL(location, current).href
      if (options.stop?.(current)) return { url: current, response }
    }
    throw new Error(`too many redirects at ${current}`)
  }

  #keep(origin: string, line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const mark = pair.indexOf('=')
    const name = pair.slice(0, mark)
    const path = attributes.find((text) => /^path=/i.test(text))?.slice(5) ?? '/'
    const gone = attributes.some((text) => /^max-age=0$/i.test(text) || /^expires=thu, 01 jan 1970/i.test(text))
    if (gone) this.#cookies.delete(`${origin} ${name}`)
    else this.#cookies.set(`${origin} ${name}`, { origin, path, value: pair.slice(mark + 1) })
  }
}
