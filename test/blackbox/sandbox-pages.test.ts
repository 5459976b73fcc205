import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Browser } from '../login/browser.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { startUsher } from './usher.ts'

const usher = await startUsher({ USHER_SANDBOX: 'on' })
const provider = await TestProvider.start()
after(() => provider.close())

describe('an organization beside the one of the sandbox', () => {
  it('shows the person a calm sentence and the reference, and no decision', async () => {
    const organization = await usher.organization()
    const connection = await organization.connection(provider)
    const signIn = async (email: string) => {
      provider.person = { sub: email, email, email_verified: true }
      const { response } = await new Browser().follow(`${usher.url}/login/${organization.slug}/${connection.id}`)
      return { status: response.status, page: await response.text() }
    }
    for (const [email, status] of [
      [`ann@${organization.domain}`, 200],
      ['ann@elsewhere.example', 403],
    ] as const) {
      const answer = await signIn(email)
      assert.equal(answer.status, status, answer.page)
      assert.match(answer.page, /[2-9A-Z]{4}-[2-9A-Z]{4}/)
      assert.doesNotMatch(answer.page, /\/sandbox\/|SCIM operations|domain_not_allowed/)
    }
  })
})
