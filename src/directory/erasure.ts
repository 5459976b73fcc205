/**
 * What logins recorded of a person goes with the user: decisions stay, with their codes and the types of the claims,
 * but without any value. Tombstones say whose records are still to be gone through, so nothing is forgotten when a
 * process ends in the middle.
 */
import type { TombstoneDocument } from '../store/documents.ts'
import type { DirectoryEnvironment } from './environment.ts'
import { readIdentityKey } from './keys.ts'

type Grave = Pick<TombstoneDocument, 'user' | 'identityKeys' | 'deletedAt'>

/** Decisions that are written at a time. */
const batch = 500
/** Milliseconds after which a login that was decided when the user was still there has been recorded. */
const settled = 60_000

const erased = 'Erased with the user.'

/** Whether any decision is about the user. */
export async function hasDecisions({ store }: DirectoryEnvironment, org: string, user: string): Promise<boolean> {
  return (await store.decisions.findOne(org, { user }, { projection: { _id: 1 } })) !== null
}

/** Takes the values out of every decision about these users, refusals from before they had one included. */
export async function eraseRecords(
  environment: DirectoryEnvironment,
  org: string,
  graves: readonly Grave[],
  now: Date,
): Promise<void> {
  const { store } = environment
  const queries = await Promise.all(graves.map((grave) => recordsOf(environment, org, grave)))
  for (const query of queries.flat()) {
    for (let after = ''; ; ) {
      const found = await store.decisions.find(
        org,
        { ...query, _id: { $gt: after }, erasedAt: null },
        { sort: { _id: 1 }, limit: batch, projection: { _id: 1 } },
      )
      const ids = found.map(({ _id }) => _id)
      if (ids.length > 0) await store.decisions.updateMany(org, { _id: { $in: ids } }, erasure(now))
      if (ids.length < batch) break
      after = ids.at(-1)!
    }
  }
}

/**
 * Goes through the records of users whose deletion is a while ago once more, in all organizations: a login may have been
 * decided before the deletion and recorded after it.
 */
export async function finishErasures(environment: DirectoryEnvironment, now: Date): Promise<void> {
  const { tombstones } = environment.store
  const settledBefore = new Date(now.getTime() - settled)
  for (let after = ''; ; ) {
    const found = await tombstones.everywhere.find(
      { unerased: true, _id: { $gt: after } },
      { sort: { _id: 1 }, limit: batch },
    )
    for (const grave of found) {
      if (grave.deletedAt > settledBefore) continue
      await eraseRecords(environment, grave.org, [grave], now)
      await tombstones.updateOne(grave.org, { _id: grave._id }, { $unset: { unerased: '' } })
    }
    if (found.length < batch) return
    after = found.at(-1)!._id
  }
}

/** What a person who has another user by now does with the same subject is not looked at. */
async function recordsOf({ store }: DirectoryEnvironment, org: string, { user, identityKeys, deletedAt }: Grave) {
  const subjects = identityKeys.map(readIdentityKey)
  const living = await Promise.all(
    subjects.map(({ connection, subject }) => store.identities.findOne(org, { subject, connection })),
  )
  const at = { $lte: new Date(deletedAt.getTime() + settled) }
  return [{ user }, ...subjects.filter((_, index) => living[index] === null).map((subject) => ({ ...subject, at }))]
}

/** An update by a pipeline: only the names of what it keeps are listed. */
function erasure(now: Date): readonly Readonly<Record<string, unknown>>[] {
  const keep = (list: string, fields: object) => ({ $map: { input: `$${list}`, in: fields } })
  const withoutDetail = (list: string) => keep(list, { $mergeObjects: ['$$this', { detail: erased }] })
  const refused = { $ifNull: ['$answer.refused', 'user_deleted'] }
  return [
    {
      $set: {
        claims: keep('claims', { name: '$$this.name', type: '$$this.type' }),
        operations: keep('operations', { method: '$$this.method', path: '$$this.path' }),
        changes: keep('changes', { path: '$$this.path', source: '$$this.source' }),
        steps: withoutDetail('steps'),
        warnings: withoutDetail('warnings'),
        // An operator, so that it takes the place of the whole answer.
        answer: { $mergeObjects: [{ refused, detail: erased }] },
        erasedAt: now,
      },
    },
  ]
}
