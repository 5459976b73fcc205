import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import mongoose from 'mongoose'
import { checkSchemaVersion, NewerSchemaError, schemaVersion } from '../../src/store/schema-version.ts'
import { openStore } from '../../src/store/store.ts'
import { testDatabase } from '../database.ts'

const uri = testDatabase()

describe('readiness of the store', () => {
  it('row 133 an index that is missing is named, and the store is not ready', async (t) => {
    const store = await openStore({ uri })
    t.after(() => store.close())
    await store.prepare()
    const client = new mongoose.mongo.MongoClient(uri)
    await client.db().collection('users').dropIndex('org_1_search.userName_1')
    await client.close()
    const health = await store.health()
    assert.equal(health.ready, false)
    assert.match(health.problems.join(), /users: .*search\.userName/)
  })

  it('an older release refuses the database of a newer one', async (t) => {
    const store = await openStore({ uri })
    t.after(() => store.close())
    await Promise.all([checkSchemaVersion(store), checkSchemaVersion(store)])
    await checkSchemaVersion(store)
    await store.migrations.put('schema', { _id: 'schema', version: schemaVersion + 1, at: new Date() })
    await assert.rejects(checkSchemaVersion(store), NewerSchemaError)
  })
})
