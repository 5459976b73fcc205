import { UsherError } from '../errors.ts'

/** Gathers what is wrong with documents, so that whoever wrote them is told of everything at once. */
export class Problems {
  readonly #found = new Set<string>()

  add(problem: string): void {
    this.#found.add(problem)
  }

  /** What `read` gives; if it refuses, the refusal is one of the problems and there is nothing. */
  collect<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof UsherError) || error.code !== 'validation_failed') throw error
      if (error.errors.length === 0) this.add(error.detail)
      for (const { message } of error.errors) this.add(message)
      return undefined
    }
  }

  /** @throws UsherError `validation_failed` with each problem in `errors`, if there is any */
  refuse(): void {
    const errors = [...this.#found].map((message) => ({ path: '', message }))
    if (errors.length === 0) return
    const detail = errors.map(({ message }) => message).join('\n')
    throw new UsherError('validation_failed', detail, { errors })
  }
}
