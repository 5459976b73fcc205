import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openStore } from '../../src/store/store.ts'
import { testDatabase } from '../database.ts'

const uri = testDatabase()
let announced = 0
const store = await openStore({ uri, announce: () => (announced += 1) })
const other = await openStore({ uri })
await store.prepare()
after(async () => {
  await store.close()
  await other.close()
})

let made = 0

async function makeOrganization() {
  made += 1
  const document = {
    _id: `organization-${made}`,
    slug: `slug-${made}`,
    displayName: 'before',
    defaultRole: null,
    seatLimit: null,
    returnUrls: [],
    version: 1,
    created: new Date(),
  }
  await store.organizations.insertOne(document)
  return document
}

const nameOf = async (reader: typeof store, slug: string) =>
  (await reader.organizations.remembered({ slug }))[0]?.displayName

describe('settings that are remembered', () => {
  it('a write of the same process is seen at once', async () => {
    const { _id, slug } = await makeOrganization()
    assert.equal(await nameOf(store, slug), 'before')
    await store.organizations.updateOne({ _id }, { $set: { displayName: 'after' } })
    assert.equal(await nameOf(store, slug), 'after')
  })

  it('a transaction is seen as soon as it has ended, and not before', async () => {
    const { _id, slug } = await makeOrganization()
    await store.transaction(async (session) => {
      await store.organizations.updateOne({ _id }, { $set: { displayName: 'after' } }, session)
      assert.equal(await nameOf(store, slug), 'before')
    })
    assert.equal(await nameOf(store, slug), 'after')
  })

  it('another process sees it when it is told', async () => {
    const { _id, slug } = await makeOrganization()
    assert.equal(await nameOf(other, slug), 'before')
    const before = announced
    await store.organizations.updateOne({ _id }, { $set: { displayName: 'after' } })
    assert.ok(announced > before)
    assert.equal(await nameOf(other, slug), 'before')
    other.forget()
    assert.equal(await nameOf(other, slug), 'after')
  })
})
