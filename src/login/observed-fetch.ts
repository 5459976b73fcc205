import { outgoingTraceHeaders, tracedCall } from '../tracing.ts'
import type { Endpoint, OutboundFetch } from './outbound.ts'

/** Told how each request to an identity provider ended. */
export type OnProviderRequest = (endpoint: Endpoint, outcome: 'answered' | 'refused' | 'failed') => void

/**
 * The same way to identity providers, with each request a span of the present trace, which goes on at the provider, and
 * counted: `answered` below status 400, `refused` below 500, else `failed`.
 */
export function observeFetch(fetch: OutboundFetch, onRequest: OnProviderRequest = () => undefined): OutboundFetch {
  return async (url, request = {}) => {
    const { endpoint = 'discovery', method = 'GET' } = request
    const attributes = () => ({ 'http.request.method': method, 'server.address': URL.parse(url)?.hostname ?? '' })
    try {
      return await tracedCall(endpoint, attributes, async (span) => {
        const headers = { ...request.headers, ...outgoingTraceHeaders() }
        const response = await fetch(url, { ...request, headers })
        span.setAttribute('http.response.status_code', response.status)
        onRequest(endpoint, outcomeOf(response))
        return response
      })
    } catch (error) {
      onRequest(endpoint, 'failed')
      throw error
    }
  }
}

/** The same way, by which one endpoint is asked. */
export function fetchAt(endpoint: Endpoint, fetch: OutboundFetch): OutboundFetch {
  return (url, request) => fetch(url, { ...request, endpoint })
}

function outcomeOf({ status }: Response): 'answered' | 'refused' | 'failed' {
  if (status < 400) return 'answered'
  return status < 500 ? 'refused' : 'failed'
}
