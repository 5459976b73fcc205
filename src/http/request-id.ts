import { randomUUID } from 'node:crypto'

const sane = /^[\w.:+/=-]{1,128}$/

/** The id of a request: the caller's `X-Request-Id` where it is short and plain, else a new one. */
export function requestIdOf(header: string | undefined): string {
  return header !== undefined && sane.test(header) ? header : randomUUID()
}
