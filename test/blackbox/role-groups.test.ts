import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { group, startUsher, user } from './usher.ts'

const usher = await startUsher()

/** A group `Bosses` that carries the privileged role `boss`, with one member. */
async function court() {
  const organization = await usher.organization()
  const client = await organization.scimClient()
  const { id: holder } = await client.must('POST', '/Users', user('ann'))
  const { id: bosses } = await client.must('POST', '/Groups', group('Bosses', { members: [{ value: holder }] }))
  const { id: others } = await client.must('POST', '/Groups', group('Others'))
  await organization.admin('PUT', '/roles/boss', { privileged: true, groups: [bosses] })
  const roles = async (): Promise<string[]> =>
    (await client.must('GET', `/Users/${holder}`)).roles.map(({ value }: { value: string }) => value).sort()
  const put = (groups: readonly string[]) => organization.ask('PUT', '/roles/boss', { privileged: true, groups })
  return { organization, client, holder, bosses, others, roles, put }
}

describe('G7 the groups of a privileged role', () => {
  for (const [what, without] of [
    ['no group', () => []],
    ['a group without members', ({ others }: Awaited<ReturnType<typeof court>>) => [others]],
  ] as const) {
    it(`G7 replaced by ${what} are refused when its last active holder would lose it`, async () => {
      const home = await court()
      const answer = await home.put(without(home))
      assert.equal(answer.status, 403, answer.text)
      assert.equal(answer.body.code, 'last_admin_kept')
      assert.match(answer.body.detail, /last_admin_kept/)
      assert.deepEqual(await home.roles(), ['boss', 'member'])
    })
  }

  it('G7 may be replaced when somebody active holds it afterwards', async () => {
    const { organization, client, holder, bosses, others, roles, put } = await court()
    const { id: second } = await client.must('POST', '/Users', user('bob', { active: false }))
    await organization.admin('PUT', `/users/${second}/roles/boss`)
    assert.equal((await put([])).body.code, 'last_admin_kept')
    await organization.admin('PUT', `/users/${holder}/roles/boss`)
    assert.equal((await put([others])).status, 200)
    assert.equal((await put([others, bosses])).status, 200)
    assert.deepEqual(await roles(), ['boss', 'member'])
  })

  it('G7 may be replaced when nobody active held the role before', async () => {
    const { organization, others } = await court()
    await organization.admin('PUT', '/roles/idle', { privileged: true, groups: [others] })
    assert.equal((await organization.ask('PUT', '/roles/idle', { privileged: true, groups: [] })).status, 200)
  })
})
