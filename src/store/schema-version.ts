/** The version of the stored form of everything, so that an older release never works on what a newer one has changed. */
import { StoreConflict } from './failures.ts'
import type { Store } from './store.ts'

/** Raised with the first migration; a migration brings what is stored from one version to the next. */
export const schemaVersion = 1

const id = 'schema'

/** The database was written by a newer release: this one must not start on it. */
export class NewerSchemaError extends Error {
  constructor(found: number) {
    super(
      `The database is of schema version ${found}, and this release knows version ${schemaVersion}. ` +
        'Start the newer release again, or restore a backup from before the upgrade.',
    )
    this.name = 'NewerSchemaError'
  }
}

/** Notes the version in an empty database. @throws NewerSchemaError */
export async function checkSchemaVersion(store: Store): Promise<void> {
  const known = await store.migrations.findOne({ _id: id })
  if (known !== null) {
    if (known.version > schemaVersion) throw new NewerSchemaError(known.version)
    return
  }
  try {
    await store.migrations.insertOne({ _id: id, version: schemaVersion, at: new Date() })
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error
    await checkSchemaVersion(store)
  }
}
