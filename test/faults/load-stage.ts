/** An organization for a load: a SCIM client, a connection whose logins give memberships, and some groups. */
import { buildHouse, type House } from '../blackbox/house.ts'
import { group, type Service } from '../blackbox/usher.ts'
import type { TestProvider } from '../provider/test-provider.ts'

export interface LoadStage {
  readonly house: House
  /** Groups to which the SCIM client adds members. */
  readonly groups: readonly string[]
  /** The group that a login with the claim `team` leads into. */
  readonly team: string
}

export async function setLoadStage(usher: Service, provider: TestProvider): Promise<LoadStage> {
  const house = await buildHouse(usher, provider)
  const [team, ...groups] = await Promise.all(
    ['Team', 'Red', 'Green', 'Blue'].map(async (name): Promise<string> => {
      const { id } = await house.scim.must('POST', '/Groups', group(name))
      return id
    }),
  )
  if (team === undefined) throw new Error('there is no group')
  await house.connection.jit({
    groups: { mode: 'sync', claim: 'groups', mapping: [{ value: 'team', group: team }] },
    limits: { createsPerHour: 100_000 },
  })
  return { house, groups, team }
}
