/** Which metric hears of what the rooms tell. */
import type { DirectoryObserver } from './directory/environment.ts'
import type { Directory } from './directory/types.ts'
import { UsherError } from './errors.ts'
import type { Metrics } from './http/metrics.ts'
import type { ProvidersOptions } from './login/providers.ts'
import type { Store } from './store/store.ts'

/** What the directory tells. */
export function countChanges(metrics: Metrics): DirectoryObserver {
  return {
    onRetry: metrics.transactionRetried,
    onLostRace: metrics.loginLostRace,
    onArrival: metrics.loginTook,
  }
}

/** What is asked of identity providers. */
export function countProviders(metrics: Metrics): Pick<ProvidersOptions, 'onRequest' | 'onKeysRead'> {
  return { onRequest: metrics.providerAnswered, onKeysRead: metrics.keysRead }
}

/** From now on: the calls of the store, its connections, and how far the feed is behind. */
export function countStore(store: Store, directory: Directory, now: () => Date, metrics: Metrics): void {
  store.observe({ onCommand: metrics.commandEnded, onRetry: metrics.transactionRetried })
  metrics.watchPool(store.pool)
  metrics.watchFeed(() => directory.feedBacklog(now()))
}

/** The directory as the login room sees it, with every arrival counted. */
export function countLogins(directory: Directory, metrics: Metrics): Directory {
  return {
    ...directory,
    async arrive(context, input) {
      const began = performance.now()
      try {
        const arrival = await directory.arrive(context, input)
        metrics.loginDecided(arrival.decision.outcome)
        return arrival
      } catch (error) {
        if (error instanceof UsherError && 'decisionId' in error.members) {
          metrics.loginDecided('refused')
          metrics.loginRefused(error.code)
        }
        throw error
      } finally {
        metrics.loginTook('whole', (performance.now() - began) / 1_000)
      }
    },
  }
}
