import type { Request, Response } from 'express'
import { UsherError } from '../errors.ts'
import { Answer, writeAnswer } from './answer.ts'
import { refusalAnswer } from './errors.ts'

/**
 * Makes a request ready for scimmy's router: the query is pinned, because the router writes into it and Express 5
 * computes it anew at each access; a body that nothing will read loses its type, so that the router does not parse it;
 * and `send` writes our answers as they are.
 */
export function prepareForRouter(
  request: Request,
  response: Response,
  body: Readonly<Record<string, unknown>> | undefined,
  mediaType: string,
): void {
  Object.defineProperty(request, 'query', { value: { ...request.query }, writable: true, configurable: true })
  if (body === undefined) delete request.headers['content-type']
  request.body = body
  response.send = (value?: unknown) => {
    writeAnswer(response, value instanceof Answer ? value : answeredByNobody(), mediaType)
    return response
  }
}

function answeredByNobody(): Answer {
  return refusalAnswer(new UsherError('internal_error', 'The request was answered by nobody.'))
}
