import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { patchOp, startUsher, user } from './usher.ts'

const usher = await startUsher()
const inactive = patchOp({ op: 'replace', path: 'active', value: false })

/** A user of a SCIM client whom an administrator has suspended. */
async function suspended() {
  const organization = await usher.organization()
  const scim = await organization.scimClient()
  const { id } = await scim.must('POST', '/Users', user('ann'))
  await organization.admin('POST', `/users/${id}/suspend`)
  return { organization, scim, id }
}

describe('who holds a user inactive', () => {
  it('R255 a client that PUTs back the active:false that it read has no hold of its own by that', async () => {
    const { organization, scim, id } = await suspended()
    const read = await scim.must('GET', `/Users/${id}`)
    assert.equal(read.active, false)
    const put = await scim.must('PUT', `/Users/${id}`, read)
    assert.equal(put.meta.version, read.meta.version)
    assert.equal((await organization.admin('POST', `/users/${id}/activate`)).active, true)
  })

  it('R255 a client that names active:false in a PATCH holds the user beside the administrator', async () => {
    const { organization, scim, id } = await suspended()
    await scim.must('PATCH', `/Users/${id}`, inactive)
    assert.equal((await organization.admin('POST', `/users/${id}/activate`)).active, false)
    const read = await scim.must('GET', `/Users/${id}`)
    assert.equal((await scim.must('PUT', `/Users/${id}`, read)).active, false)
    assert.equal((await scim.must('PUT', `/Users/${id}`, { ...read, active: true })).active, true)
  })

  it('R255 a PUT of active:true lifts the client’s own hold and leaves that of an administrator', async () => {
    const { organization, scim, id } = await suspended()
    await scim.must('PATCH', `/Users/${id}`, inactive)
    const read = await scim.must('GET', `/Users/${id}`)
    assert.equal((await scim.must('PUT', `/Users/${id}`, { ...read, active: true })).active, false)
    assert.equal((await organization.admin('POST', `/users/${id}/activate`)).active, true)
  })
})
