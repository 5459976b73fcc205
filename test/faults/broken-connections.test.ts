import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, beforeEach, describe, it } from 'node:test'
import { openStore } from '../../src/store/store.ts'
import { testDatabase } from '../database.ts'
import { ThreadedProxy } from './proxy-thread.ts'

const proxy = await ThreadedProxy.start(testDatabase())
const store = await openStore({ uri: proxy.address, poolSize: 4 })
await store.leases.count({})
after(async () => {
  await store.close()
  await proxy.close()
})

const lease = () => ({ _id: randomUUID(), owner: randomUUID(), until: new Date() })

describe('a connection that a write finds broken', () => {
  // The pool has a connection that works, and no other one that is broken.
  beforeEach(async () => {
    for (;;) {
      const found = await store.leases.count({}).catch(() => null)
      if (found !== null) return
    }
  })

  it('rows 130 131 is 503 outside of a transaction', async () => {
    proxy.breakUnseen()
    await assert.rejects(store.leases.insertOne(lease()), { code: 'unavailable', retryAfter: 2 })
  })

  it('row 130 R286 is not seen from outside when it is the first write of a transaction', async () => {
    const document = lease()
    let attempts = 0
    await store.transaction(async (session) => {
      attempts += 1
      if (attempts === 1) proxy.breakUnseen()
      await store.leases.insertOne(document, session)
    })
    assert.equal(attempts, 2)
    assert.notEqual(await store.leases.findOne({ _id: document._id }), null)
  })

  it('row 130 R286 is not seen from outside when it is the commit of a transaction', async () => {
    const document = lease()
    let attempts = 0
    await store.transaction(async (session) => {
      attempts += 1
      await store.leases.insertOne(document, session)
      if (attempts === 1) proxy.breakUnseen()
    })
    assert.notEqual(await store.leases.findOne({ _id: document._id }), null)
  })
})
