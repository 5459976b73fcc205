/** What a load asks, and what each answer means. */
import assert from 'node:assert/strict'
import { type Answer, adminToken, type Call, patchOp, type Service, user } from '../blackbox/usher.ts'
import type { Journal, Kind } from './journal.ts'
import type { LoadStage } from './load-stage.ts'

/** Something that is asked until there is an answer. */
export interface Task {
  readonly kind: Kind
  readonly ask: (door: Service) => Promise<Answer>
  /**
   * Notes what was acknowledged. `again` says that an earlier attempt may have had its effect.
   * @throws AssertionError for an answer that must not be
   */
  readonly settle: (answer: Answer, again: boolean) => void
}

interface Person {
  readonly name: string
  readonly subject: string
  readonly inTeam: boolean
}

/** In which order a worker asks. */
const order: readonly Kind[] = [
  'create',
  'first login',
  'patch',
  'returning login',
  'member',
  'patch',
  'first login',
  'returning login',
  'member',
  'patch',
]

/** Few users are changed by many at once, the others seldom by two. */
const popular = 3

/** Makes tasks out of what is there: each names something that no other task names. */
export class Tasks {
  readonly #stage: LoadStage
  readonly #journal: Journal
  readonly #users: string[] = []
  readonly #people: Person[] = []
  /** Names of users who have not signed in yet. */
  readonly #unlinked: string[] = []
  #count = 0

  constructor(stage: LoadStage, journal: Journal) {
    this.#stage = stage
    this.#journal = journal
  }

  async next(turn: number): Promise<Task> {
    this.#count += 1
    const name = `n${this.#count}`
    const known = this.#users.at(this.#count % 2 === 0 ? this.#count % popular : -(this.#count % 20) - 1)
    const person = this.#people.at(-(this.#count % 20) - 1)
    switch (order[turn % order.length]) {
      case 'first login':
        return this.#firstLogin(name)
      case 'patch':
        return known === undefined ? this.#create(name) : this.#patch(known, `value-${name}`)
      case 'member':
        return known === undefined ? this.#create(name) : this.#member(known)
      case 'returning login':
        return person === undefined ? this.#create(name) : this.#returningLogin(person, name)
      default:
        return this.#create(name)
    }
  }

  #create(name: string): Task {
    const { house } = this.#stage
    const userName = house.email(name)
    this.#journal.expected.add(userName)
    const emails = [{ value: userName, type: 'work', primary: true }]
    return {
      kind: 'create',
      ask: (door) => this.#scim(door, 'POST', '/Users', user(userName, { emails })),
      settle: ({ status, body, text }, again) => {
        // Whoever asks again after an outcome that is not known may hear that it is done.
        assert.ok(status === 201 || (again && status === 409), text)
        this.#journal.created.set(userName, status === 201 ? body.id : null)
        if (status !== 201) return
        this.#users.push(body.id)
        this.#unlinked.push(name)
      },
    }
  }

  #patch(id: string, value: string): Task {
    this.#journal.named.set(value, id)
    const body = patchOp({ op: 'add', path: 'phoneNumbers', value: [{ value, type: 'other' }] })
    return {
      kind: 'patch',
      ask: (door) => this.#scim(door, 'PATCH', `/Users/${id}`, body),
      settle: ({ status, text }) => {
        assert.ok(status === 200 || status === 204, text)
        this.#journal.patched.add(value)
      },
    }
  }

  #member(id: string): Task {
    const { groups } = this.#stage
    const to = groups[this.#count % groups.length]
    const edge = `${to} ${id}`
    this.#journal.wanted.add(edge)
    const body = patchOp({ op: 'add', path: 'members', value: [{ value: id }] })
    return {
      kind: 'member',
      ask: (door) => this.#scim(door, 'PATCH', `/Groups/${to}?excludedAttributes=members`, body),
      settle: ({ status, text }) => {
        assert.ok(status === 200 || status === 204, text)
        this.#journal.joined.add(edge)
      },
    }
  }

  /** Every other one is of a user whom the SCIM client has made. */
  async #firstLogin(name: string): Promise<Task> {
    const pushed = this.#count % 2 === 0 ? this.#unlinked.shift() : undefined
    const who = pushed ?? name
    const person: Person = { name: who, subject: `${who}-subject`, inTeam: this.#count % 3 > 0 }
    if (pushed === undefined) this.#journal.expected.add(this.#stage.house.email(name))
    return this.#login('first login', person, {}, (id, outcome) => {
      assert.equal(outcome, pushed === undefined ? 'created' : 'linked')
      this.#people.push(person)
      if (pushed !== undefined) return
      this.#journal.created.set(this.#stage.house.email(name), id)
      this.#users.push(id)
    })
  }

  async #returningLogin(person: Person, name: string): Promise<Task> {
    const claims = this.#count % 2 === 0 ? {} : { given_name: `Given ${name}` }
    return this.#login('returning login', person, claims, (_id, outcome) => {
      assert.ok(outcome === 'updated' || outcome === 'unchanged', outcome)
    })
  }

  async #login(
    kind: Kind,
    { name, subject, inTeam }: Person,
    more: Readonly<Record<string, unknown>>,
    arrived: (user: string, outcome: string) => void,
  ): Promise<Task> {
    const { house, team } = this.#stage
    const claims = house.person(name, { ...more, groups: inTeam ? ['team'] : [] })
    const idToken = await house.connection.token(claims)
    const path = `/api/v1/organizations/${house.organization.slug}/connections/${house.connection.id}/logins`
    return {
      kind,
      ask: (door) => door.call('POST', path, { token: adminToken, body: { idToken } }),
      settle: ({ status, body, text }) => {
        if (status === 400 && body?.code === 'token_invalid') {
          this.#journal.refused += 1
          return
        }
        assert.equal(status, 200, text)
        assert.ok(!this.#journal.decided.has(body.decisionId), `two logins have the decision ${body.decisionId}`)
        this.#journal.decided.set(body.decisionId, { subject, user: body.user.id })
        if (inTeam) {
          this.#journal.wanted.add(`${team} ${body.user.id}`)
          this.#journal.joined.add(`${team} ${body.user.id}`)
        }
        arrived(body.user.id, body.outcome)
      },
    }
  }

  #scim(door: Service, method: string, path: string, body: Call['body']): Promise<Answer> {
    const { organization, scim } = this.#stage.house
    const headers = { 'content-type': 'application/scim+json' }
    return door.call(method, `/scim/v2/${organization.slug}${path}`, { token: scim.token, body, headers })
  }
}
