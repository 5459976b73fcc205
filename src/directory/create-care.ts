import type { Care } from './care.ts'
import { listDrift, streamDrift } from './drift.ts'
import { listDuplicates } from './duplicates.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { finishErasures } from './erasure.ts'
import { numberFeeds, readBacklog } from './feed-backlog.ts'
import { mergeUsers } from './merge.ts'
import { pruneChanges } from './prune-changes.ts'
import { listStaleActions, listStaleUsers, retireStaleUsers } from './stale-users.ts'
import { sweepMemberships } from './sweep.ts'
import { verify } from './verification/verify.ts'

export function createCare(environment: DirectoryEnvironment): Care {
  return {
    duplicates: (context, query) => listDuplicates(environment, context, query),
    merge: (context, survivor, request) => mergeUsers(environment, context, survivor, request),
    staleUsers: (context, days, page) => listStaleUsers(environment, context, days, page),
    staleActions: (context, setting, page) => listStaleActions(environment, context, setting, page),
    retireStaleUsers: (context, setting, page) => retireStaleUsers(environment, context, setting, page),
    drift: (context, query) => listDrift(environment, context, query),
    driftOfAll: (context, query) => streamDrift(environment, context, query),
    pruneChanges: (context, work) => pruneChanges(environment, context, work),
    verify: (context, place) => verify(environment, context, place),
    finishErasures: (now) => finishErasures(environment, now),
    sweepMemberships: (now, renew, contextOf) => sweepMemberships(environment, now, renew, contextOf),
    numberFeeds: (renew) => numberFeeds(environment, renew),
    feedBacklog: (now) => readBacklog(environment, now),
  }
}
