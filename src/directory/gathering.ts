/** Milliseconds after which the next ones do not wait any longer for those that are under way. */
const patience = 250
/** Items that go together at most. */
const most = 64

interface Waiting<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (reason: unknown) => void
}

interface Line<Item, Result> {
  underWay: number
  readonly waiting: Waiting<Item, Result>[]
}

/** Does some items together; gives what became of each, in their order. */
type Work<Item, Result> = (items: readonly Item[]) => Promise<readonly PromiseSettledResult<Result>[]>

/**
 * Gathers what many ask for at the same time, in this process: the first one goes at once, those who come while it is
 * under way go together as soon as it is back. So nobody waits longer than for one other turn, and the more there is to
 * do the less each of it costs.
 */
export class Gathering<Item, Result = void> {
  readonly #lines = new Map<string, Line<Item, Result>>()

  /**
   * Resolves with what came of the item, and rejects with what its work said of it. Only items of one key go together.
   */
  run(key: string, item: Item, work: Work<Item, Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const line = this.#lines.get(key) ?? { underWay: 0, waiting: [] }
    this.#lines.set(key, line)
    line.waiting.push({ item, resolve, reject })
    if (line.underWay === 0) this.#depart(key, line, work)
    return promise
  }

  #depart(key: string, line: Line<Item, Result>, work: Work<Item, Result>): void {
    const batch = line.waiting.splice(0, most)
    if (batch.length === 0) {
      if (line.underWay === 0 && this.#lines.get(key) === line) this.#lines.delete(key)
      return
    }
    line.underWay += 1
    let isBack = false
    const comeBack = () => {
      if (isBack) return
      isBack = true
      line.underWay -= 1
      this.#depart(key, line, work)
    }
    const timer = setTimeout(comeBack, patience)
    settle(batch, work).finally(() => {
      clearTimeout(timer)
      comeBack()
    })
  }
}

async function settle<Item, Result>(batch: readonly Waiting<Item, Result>[], work: Work<Item, Result>): Promise<void> {
  try {
    const outcomes = await work(batch.map(({ item }) => item))
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index]!
      if (outcome.status === 'fulfilled') resolve(outcome.value)
      else reject(outcome.reason)
    }
  } catch (error) {
    for (const { reject } of batch) reject(error)
  }
}
