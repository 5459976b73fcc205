import type { Adapter, AdapterPayload } from 'oidc-provider'

interface Kept {
  readonly payload: AdapterPayload
  readonly until: number
}

/** Where the demo identity provider keeps its sessions and codes: in memory, until they expire or it stops. */
export function createMemoryAdapters(): (model: string) => Adapter {
  const kept = new Map<string, Kept>()
  return (model) => {
    const nameOf = (id: string) => `${model} ${id}`
    const find = (accept: (payload: AdapterPayload) => boolean) => {
      for (const [name, { payload, until }] of kept) {
        if (until < Date.now()) kept.delete(name)
        else if (name.startsWith(`${model} `) && accept(payload)) return payload
      }
      return undefined
    }
    return {
      async upsert(id, payload, expiresIn) {
        kept.set(nameOf(id), { payload, until: Date.now() + (expiresIn || 3600) * 1000 })
      },
      async find(id) {
        const entry = kept.get(nameOf(id))
        return entry && entry.until >= Date.now() ? entry.payload : undefined
      },
      findByUid: async (uid) => find((payload) => payload.uid === uid),
      findByUserCode: async (code) => find((payload) => payload.userCode === code),
      async consume(id) {
        const entry = kept.get(nameOf(id))
        if (entry) entry.payload.consumed = Math.floor(Date.now() / 1000)
      },
      async destroy(id) {
        kept.delete(nameOf(id))
      },
      async revokeByGrantId(grantId) {
        for (const [name, { payload }] of kept) {
          if (name.startsWith(`${model} `) && payload.grantId === grantId) kept.delete(name)
        }
      },
    }
  }
}
