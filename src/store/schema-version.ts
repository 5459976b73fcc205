/** The version of the stored form of everything, so that an older release never works on what a newer one has changed. */
import { StoreConflict } from './failures.ts'
import type { Store } from './store.ts'

/** Raised with a change of what is stored that earlier releases cannot live with; a migration leads there. */
export const schemaVersion = 1

const id = 'schema'

/** The database was written by a newer release: this one must not start on it. */
export class NewerSchemaError extends Error {
  /** @param migration the name of the migration that the newer release has done; none: the schema as a whole */
  constructor(found: number, known: number = schemaVersion, migration?: string) {
    const what = migration === undefined ? 'schema version' : `version`
    const of = migration === undefined ? '' : ` of ${migration}`
    super(
      `The database is of ${what} ${found}${of}, and this release knows version ${known}. ` +
        'Start the newer release again, or restore a backup from before the upgrade.',
    )
    this.name = 'NewerSchemaError'
  }
}

/** Notes the version in an empty database. @throws NewerSchemaError */
export async function checkSchemaVersion(store: Store): Promise<void> {
  if (await isKnownVersion(store)) return
  try {
    await store.migrations.insertOne({ _id: id, version: schemaVersion, at: new Date() })
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error
    await checkSchemaVersion(store)
  }
}

/** Whether the database has a version yet. Writes nothing. @throws NewerSchemaError */
export async function isKnownVersion(store: Store): Promise<boolean> {
  const known = await store.migrations.findOne({ _id: id })
  if (known !== null && known.version > schemaVersion) throw new NewerSchemaError(known.version)
  return known !== null
}
