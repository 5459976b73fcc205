/** A person at a SCIM client, for tests of what a PATCH does: each has an organization of its own. */
import assert from 'node:assert/strict'
import { type Answer, patchOp, type ScimClient, type Usher, user } from './usher.ts'

export type Json = Readonly<Record<string, unknown>>

export const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** Checks that an answer is a SCIM error with this status and `scimType` (RFC 7644 section 3.12). */
export function assertRefused(answer: Answer, status: number, scimType?: string): void {
  assert.equal(answer.status, status, answer.text)
  assert.deepEqual(answer.body.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error'])
  assert.equal(answer.body.status, String(status))
  assert.equal(answer.body.scimType, scimType, answer.text)
}

/** Makes operations of one verb; what is undefined is left out. */
export function operations(op: 'add' | 'remove' | 'replace') {
  return (path?: string, value?: unknown): Json => ({
    op,
    ...(path === undefined ? {} : { path }),
    ...(value === undefined ? {} : { value }),
  })
}

/** One resource and the client that made it. */
export class Patched {
  readonly client: ScimClient
  readonly path: string
  readonly id: string

  constructor(client: ScimClient, path: string, id: string) {
    this.client = client
    this.path = path
    this.id = id
  }

  /** A user of a new organization; `email` of the attributes is not needed. */
  static async user(usher: Usher, attributes: Json = {}, settings: Json = {}): Promise<Patched> {
    const client = await (await usher.organization()).scimClient(settings)
    return Patched.of(client, '/Users', user('ann@example.com', attributes))
  }

  static async of(client: ScimClient, collection: string, body: Json): Promise<Patched> {
    const { id } = await client.must('POST', collection, body)
    return new Patched(client, `${collection}/${id}`, id)
  }

  read(): Promise<Answer['body']> {
    return this.client.must('GET', this.path)
  }

  /** The answer to a PATCH with these operations, whatever it is. */
  ask(...operations: readonly Json[]): Promise<Answer> {
    return this.client.call('PATCH', this.path, patchOp(...operations))
  }

  /** The resource after a PATCH that has to succeed. */
  async apply(...operations: readonly Json[]): Promise<Answer['body']> {
    const answer = await this.ask(...operations)
    assert.ok(answer.status === 200 || answer.status === 204, answer.text)
    return this.read()
  }

  /** A PATCH that succeeds and changes nothing, neither version nor time (RFC 7644 section 3.5.2.1). */
  async applyInVain(...operations: readonly Json[]): Promise<void> {
    const before = await this.read()
    assert.deepEqual(await this.apply(...operations), before)
  }

  /** A PATCH that is refused and changes nothing. */
  async refuse(scimType: string, ...operations: readonly Json[]): Promise<void> {
    const before = await this.read()
    assertRefused(await this.ask(...operations), scimType === 'uniqueness' ? 409 : 400, scimType)
    assert.deepEqual(await this.read(), before)
  }
}
