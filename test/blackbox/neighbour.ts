/** A second organization in the same Usher that is busy while a test file runs (`USHER_TEST_NEIGHBOUR=1`). */
import { setTimeout as delay } from 'node:timers/promises'
import { TestProvider } from '../provider/test-provider.ts'
import { group, patchOp, user } from './bodies.ts'
import type { Answer, Service } from './usher.ts'

/** Calls that are under way at a time, and the milliseconds of rest after each, at most. */
const hands = 2
const rest = 150
/** People and teams that there are at most. */
const size = 40

export interface Neighbour {
  /** @throws Error when one of its calls has failed by a fault of Usher */
  stop(): Promise<void>
}

/** For tests of what all organizations have in common: the reason to skip them beside a neighbour. */
export function unlessAlone(reason: string): string | false {
  return hasNeighbour && `beside a busy organization: ${reason}`
}

export const hasNeighbour = process.env.USHER_TEST_NEIGHBOUR === '1'

/** Makes the organization, and calls about it until it is stopped: SCIM and logins of the same people. */
export async function startNeighbour(service: Service): Promise<Neighbour> {
  const provider = await TestProvider.start()
  const organization = await service.organization({ displayName: 'A busy neighbour' })
  const client = await organization.scimClient({ onExisting: 'adopt' })
  const connection = await organization.connection(provider, {
    jit: { limits: { createsPerHour: 100_000 } },
  })
  const stopping = new AbortController()
  const faults: string[] = []
  const ids = new Map<string, string>()

  const person = () => `person-${Math.floor(Math.random() * size)}`
  const team = () => `Team ${Math.floor(Math.random() * size)}`
  const known = () => [...ids.values()][Math.floor(Math.random() * ids.size)] ?? 'nobody'
  const emailOf = (name: string) => `${name}@${organization.domain}`
  async function made(asked: Promise<Answer>): Promise<Answer> {
    const answer = await asked
    if (answer.status === 201) ids.set(String(answer.body.userName ?? answer.body.displayName), answer.body.id)
    return answer
  }
  const calls: readonly (() => Promise<Answer>)[] = [
    () => made(client.call('POST', '/Users', user(emailOf(person()), { title: 'Busy' }))),
    () => made(client.call('POST', '/Groups', group(team()))),
    () => client.call('PATCH', `/Users/${known()}`, patchOp({ op: 'replace', path: 'title', value: person() })),
    () =>
      client.call('PATCH', `/Groups/${known()}`, patchOp({ op: 'add', path: 'members', value: [{ value: known() }] })),
    () => client.call('GET', `/Users?count=10&filter=${encodeURIComponent(`userName sw "${person()}"`)}`),
    () => client.call('GET', '/Groups?sortBy=displayName&count=10'),
    () => client.call('DELETE', `/Users/${known()}`),
    ...[1, 2, 3].map(() => () => {
      const name = person()
      return connection.login({ sub: name, email: emailOf(name), email_verified: true, name })
    }),
  ]
  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      const call = calls[Math.floor(Math.random() * calls.length)]!
      // A test that stops the server or takes the database away is not our matter.
      const answer = await call().catch(() => null)
      if (answer !== null && answer.status >= 500 && answer.status !== 503) faults.push(answer.text)
      await delay(Math.random() * rest, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  const working = Array.from({ length: hands }, work)
  return {
    async stop() {
      stopping.abort()
      await Promise.all(working)
      await provider.close()
      if (faults.length > 0) throw new Error(`The neighbour met faults:\n${faults.join('\n')}`)
    },
  }
}
