/** What has happened before the questions of docs/jit/questions.md are asked. */
import { type Usher, user } from '../blackbox/usher.ts'
import type { TestProvider } from '../provider/test-provider.ts'
import { buildStage, type Stage } from './stage.ts'

const days = 86_400

export async function buildStory(usher: Usher, provider: TestProvider): Promise<Stage> {
  const stage = await buildStage(usher, provider)
  const { names, scim } = stage
  const must = async (method: string, path: string, body?: unknown) => {
    const answer = await stage.ask(method, stage.real(path), body)
    if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`)
  }
  const push = async (userName: string, more: object) => {
    const { id } = await scim.must('POST', '/Users', user(userName, { ...more }))
    names.set(`{${userName}}`, id)
  }
  await must('PUT', '/roles/manager', {})
  await must('PUT', '/roles/auditor', { groups: [names.get('{Crew}')] })
  await must('PUT', '/roles/admin', { privileged: true })
  const mapping = [
    { value: 'managers', role: 'manager' },
    { value: 'admins', role: 'admin' },
  ]
  await must('PATCH', '/connections/{contoso}/jit', { roles: { mode: 'sync', claim: 'groups', mapping } })
  await ottoLongAgo(usher, stage)
  await stage.login('mateo')
  const carla = await stage.login('carla')
  names.set('{reference}', carla.body.reference)
  await stage.login('anna', { name: 'Anna Berg', dept: 'Sales', groups: ['admins', 'sales'] })
  await stage.login('priya', { given_name: 'Priyanka' })
  await must('POST', '/users/{priya}/suspend', { reason: 'Laptop lost' })
  await stage.login('priya')
  const emails = [{ value: stage.real('nina@acme.example'), type: 'work' }]
  await push('nina', { displayName: 'Nina Lund', emails })
  await push('n.lund', { displayName: 'Nina Lund', emails })
  await stage.login('nina')
  await push('udo', { displayName: 'Udo Lind' })
  await scim.must('DELETE', `/Users/${names.get('{udo}')}`)
  return stage
}

/** He has signed in once, a hundred days ago. */
async function ottoLongAgo(usher: Usher, stage: Stage): Promise<void> {
  usher.clock.offset = -100 * days * 1000
  const iat = Math.floor(Date.now() / 1000) - 100 * days
  await stage.login('otto', { iat, exp: iat + 300 })
  usher.clock.offset = 0
}
