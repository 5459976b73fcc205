/** The examples of docs/jit/modes.md: what the page says goes in, and where the answer is another one than it says. */
import assert from 'node:assert/strict'
import type { Claims } from '../provider/test-provider.ts'
import type { Block } from './blocks.ts'
import { difference } from './shows.ts'
import type { Stage } from './stage.ts'

type Json = Readonly<Record<string, unknown>>

export interface ModeExample {
  readonly title: string
  readonly settings: Json
  readonly claims: Claims
  /** The user before the login; undefined: nobody. */
  readonly before: Json | undefined
  readonly answer: Json
}

/**
 * A block may say the user before, the claims, or the settings; one with an outcome is what they come to. Users and
 * claims hold until others are said, settings to the end of their heading.
 */
export function modeExamples(blocks: readonly Block[]): readonly ModeExample[] {
  const examples: ModeExample[] = []
  let heading = ''
  let settings: Json = {}
  let claims: Claims = {}
  let before: Json | undefined
  for (const block of blocks.filter(({ language }) => language === 'json')) {
    if (block.heading !== heading) settings = {}
    heading = block.heading
    const told = JSON.parse(block.text)
    if ('outcome' in told) {
      const title = `${heading.replaceAll('`', '')}: ${claims.sub} is ${told.outcome} (${examples.length + 1})`
      examples.push({ title, settings, claims, before, answer: told })
      continue
    }
    settings = told.settings ?? settings
    if ('claims' in told && told.claims.sub !== claims.sub) before = undefined
    before = told.before ?? before
    claims = told.claims ?? claims
  }
  return examples
}

const optional = ['name', 'displayName', 'nickName', 'title', 'groups']

/** A user is shown with all its attributes: what the page leaves out is not there, neither are parts of the name. */
function differenceOfUsers(shown: Json, real: Json): string | null {
  const hidden = optional.filter((attribute) => attribute in real && !(attribute in shown))
  if (hidden.length > 0) return `user also has ${hidden.join(', ')}`
  const names = [shown, real].map(({ name }) => Object.keys(name ?? {}).sort())
  return difference(names[0], names[1], 'name') ?? difference(shown, real, 'user')
}

/** Plays an example; null when it comes true. */
export async function playMode(example: ModeExample, stage: Stage): Promise<string | null> {
  const { settings, claims, answer, before } = example
  const told = (value: unknown) => JSON.parse(stage.told(JSON.stringify(value)))
  const real = (value: unknown) => JSON.parse(stage.real(JSON.stringify(value)))
  const userNow = async () => told(await stage.userShown(stage.names.get(`{${claims.sub}}`) ?? ''))
  if (before !== undefined) {
    const wrong = differenceOfUsers(before, await userNow())
    if (wrong !== null) return `before: ${wrong}`
  }
  const set = await stage.ask('PATCH', `/connections/${stage.connection.id}/jit`, settings)
  assert.equal(set.status, 200, set.text)
  const login = await stage.connection.login({ email_verified: true, ...real(claims) })
  if (login.body.user) stage.names.set(`{${claims.sub}}`, login.body.user.id)
  const decision = (await stage.ask('GET', `/decisions/${login.body.reference}`)).body
  const { user, ...shown } = answer
  const wrong = difference(shown, told({ ...login.body, ...decision }))
  if (wrong !== null || user === undefined) return wrong
  return user === null ? difference(null, login.body.user, 'user') : differenceOfUsers(user as Json, await userNow())
}
