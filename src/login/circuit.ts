import { UsherError } from '../errors.ts'
import type { OutboundFetch } from './outbound.ts'

/** Failures in a row after which a provider is left alone for a while. */
const tolerated = 5
/** Milliseconds of the first pause; each further one is twice as long. */
const shortest = 1_000
const longest = 30_000

/**
 * A circuit breaker around the requests of one connection: a provider that is dead would hold every login until the
 * time-out. After some failures in a row requests fail at once; when the pause is over one of them probes, and the others
 * go on failing until it has been answered.
 *
 * The returned function throws UsherError `provider_failed` as `fetch` does, and while the provider is left alone.
 */
export function breakCircuit(fetch: OutboundFetch, now: () => Date): OutboundFetch {
  let failures = 0
  let closedUntil = 0
  const failed = () => {
    failures += 1
    if (failures < tolerated) return
    closedUntil = now().getTime() + Math.min(shortest * 2 ** (failures - tolerated), longest)
  }
  return async (url, request) => {
    if (failures >= tolerated) {
      if (now().getTime() < closedUntil) throw leftAlone()
      // Whoever comes first probes; it has as long as a request may take.
      closedUntil = now().getTime() + longest
    }
    try {
      const response = await fetch(url, request)
      if (response.status >= 500) failed()
      else failures = 0
      return response
    } catch (error) {
      failed()
      throw error
    }
  }
}

function leftAlone(): UsherError {
  return new UsherError('provider_failed', 'The identity provider has failed several times. It is asked again shortly.')
}
