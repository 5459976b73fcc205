import { setTimeout as delay } from 'node:timers/promises'
import type { Answer, Service } from '../blackbox/usher.ts'
import { Journal } from './journal.ts'
import type { LoadStage } from './load-stage.ts'
import { type Task, Tasks } from './tasks.ts'

/** What the fault of the day excuses. */
export interface Rules {
  /** 503 with `Retry-After`: the database is away. */
  readonly mayBeUnavailable?: boolean
  /** A connection that breaks instead of an answer: an Usher is away. */
  readonly mayBreak?: boolean
  /** 400 `token_invalid`: keys or clocks do not agree. */
  readonly mayRefuseTokens?: boolean
}

const workers = 6
/** Milliseconds between two requests of a worker: the machine is to have a fault, not too little of everything. */
const pace = 15
/** Milliseconds before the same is asked again. Sooner than `Retry-After` says, so that a recovery is seen at once. */
const again = 250
/** Seconds in which every request must be answered: five, and as much again and more for a machine with much to do. */
const patience = 20
/** Milliseconds after its end in which the load must have got an answer to everything. */
const lastWait = 60_000

/**
 * A mixed load through several Ushers at once: creates, patches, members, first and returning logins. What is not
 * answered for good is asked again, of any Usher, until it is: so that everything has one known outcome at the end.
 */
export class Load {
  readonly journal = new Journal()
  readonly #doors: readonly Service[]
  readonly #rules: Rules
  readonly #tasks: Tasks
  readonly #working: readonly Promise<void>[]
  #overAt = Number.POSITIVE_INFINITY
  #count = 0

  /** Begins at once. */
  constructor(stage: LoadStage, doors: readonly Service[], rules: Rules) {
    this.#doors = doors
    this.#rules = rules
    this.#tasks = new Tasks(stage, this.journal)
    this.#working = Array.from({ length: workers }, (_, index) => this.#work(index))
  }

  /** Waits until so many more have been acknowledged. */
  more(enough: number): Promise<void> {
    const goal = this.journal.acknowledged + enough
    return this.#until(() => this.journal.acknowledged >= goal)
  }

  /** Waits until an answer says that the database is away. */
  unavailable(): Promise<void> {
    const from = this.journal.attempts.length
    return this.#until(() => this.journal.attempts.slice(from).some(({ status }) => status === 503))
  }

  /** Waits until so many more logins have been refused. */
  refused(enough: number): Promise<void> {
    const goal = this.journal.refused + enough
    return this.#until(() => this.journal.refused >= goal)
  }

  /** Asks nothing new, and resolves when everything has been answered. */
  async end(): Promise<Journal> {
    this.#overAt = performance.now()
    await Promise.all(this.#working)
    return this.journal
  }

  async #until(reached: () => boolean): Promise<void> {
    for (const begin = performance.now(); !reached(); await delay(20)) {
      if (performance.now() - begin < lastWait) continue
      throw new Error(`the load stands still: ${this.journal.complaints.slice(0, 5).join('; ')}`)
    }
  }

  async #work(worker: number): Promise<void> {
    for (let turn = worker; performance.now() < this.#overAt; turn += 1) {
      await this.#complete(await this.#tasks.next(turn))
      await delay(pace)
    }
  }

  async #complete(task: Task): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#attempt(task)
      if (answer !== null && answer.status !== 503) {
        try {
          if (answer.status === 400 && this.#rules.mayRefuseTokens !== true) throw new Error(answer.text)
          task.settle(answer, attempt > 0)
        } catch (error) {
          this.#complain(task, error instanceof Error ? error.message : String(error))
        }
        return
      }
      if (performance.now() > this.#overAt + lastWait) return this.#complain(task, 'it was never answered')
      await delay(again)
    }
  }

  /** Gives null when the connection broke. */
  async #attempt(task: Task): Promise<Answer | null> {
    this.#count += 1
    const door = this.#doors[this.#count % this.#doors.length]!
    const begun = performance.now()
    const asked = task.ask(door)
    // Whoever does not answer at all is waited for no longer than this.
    const answer = await Promise.race([asked.catch(() => null), delay(4 * patience * 1_000, null, { ref: false })])
    const ended = performance.now()
    this.journal.attempts.push({ kind: task.kind, begun, ended, status: answer?.status ?? null })
    const seconds = (ended - begun) / 1_000
    if (seconds > patience) this.#complain(task, `the answer ${answer?.status} took ${seconds.toFixed(1)} s`)
    if (answer === null && this.#rules.mayBreak !== true) this.#complain(task, 'the connection broke')
    if (answer?.status === 503) this.#judgeUnavailable(task, answer)
    return answer
  }

  #judgeUnavailable(task: Task, { headers, text }: Answer): void {
    if (this.#rules.mayBeUnavailable !== true) this.#complain(task, `503 ${text}`)
    const retryAfter = headers.get('retry-after')
    if (retryAfter === null || !/^[1-5]$/.test(retryAfter)) this.#complain(task, `503 with Retry-After: ${retryAfter}`)
  }

  #complain({ kind }: Task, what: string): void {
    this.journal.complaints.push(`${kind}: ${what}`)
  }
}
