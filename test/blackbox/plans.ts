/** The plans that the database chooses for the reads of a request. */
import assert from 'node:assert/strict'
import { mock } from 'node:test'
import type { Json } from './patching.ts'
import type { ScimClient, Usher } from './usher.ts'

export interface Plan {
  readonly collection: string
  readonly query: unknown
  readonly stages: readonly string[]
  readonly examined: number
  readonly returned: number
}

export function assertIndexed(plan: Plan, shown: string): void {
  assert.ok(!plan.stages.includes('COLLSCAN'), `${shown}: ${describePlan(plan)}`)
}

export function describePlan({ collection, query, stages, examined, returned }: Plan): string {
  return `${collection} ${JSON.stringify(query)} ${stages.join(' ')}: ${examined} examined, ${returned} returned`
}

type Watched = 'users' | 'groups' | 'resources' | 'memberships' | 'identities' | 'roles'

/** Listens to the reads of the collections that filters, orders and their answers come from. */
export function watchReads(usher: Usher, names: readonly Watched[]) {
  const listeners = names.flatMap((name) =>
    (['find', 'findOne', 'aggregate'] as const).map((method) => ({
      name,
      method,
      listener: mock.method(usher.store[name], method).mock,
    })),
  )
  return {
    /** The plans behind requests that are made at once and have to succeed. */
    async of(asking: ScimClient, ...paths: readonly string[]): Promise<readonly Plan[]> {
      const [client] = await usher.store.scimClients.everywhere.find({ _id: asking.id })
      for (const { listener } of listeners) listener.resetCalls()
      await Promise.all(paths.map((path) => asking.must('GET', path)))
      const calls = listeners
        .flatMap(({ name, method, listener }) =>
          listener.calls.map((call) => ({ name, method, arguments: [...call.arguments] as unknown[] })),
        )
        // Other organizations may be busy.
        .filter((call) => call.arguments[0] === client!.org)
      const plans: Plan[] = []
      for (const { name, method, arguments: given } of calls) {
        const [org, query, options] = given as [string, Json, object?]
        const readOptions = method === 'find' ? options : method === 'findOne' ? { limit: 1 } : {}
        plans.push(readPlan(name, query, await usher.store[name].explain(org, query, readOptions)))
      }
      return plans
    },
  }
}

function readPlan(collection: string, query: unknown, explained: unknown): Plan {
  const { queryPlanner, executionStats } = explained as {
    readonly queryPlanner: { readonly winningPlan: unknown }
    readonly executionStats: { readonly totalDocsExamined: number; readonly nReturned: number }
  }
  const stages = [...JSON.stringify(queryPlanner.winningPlan).matchAll(/"stage":"(\w+)"/g)].map(
    ([, stage = '']) => stage,
  )
  return { collection, query, stages, examined: executionStats.totalDocsExamined, returned: executionStats.nReturned }
}
