/** How many accepted requests one process works on at a time. */
const capacity = 64

/** The accepted requests that this process is working on. */
export class AsyncRuns {
  readonly #running = new Set<Promise<void>>()

  /** Whether the next request is better answered when it is done, so that whoever asks for more waits. */
  get isFull(): boolean {
    return this.#running.size >= capacity
  }

  /** @param run which does not fail */
  add(run: Promise<void>): void {
    const running = run.finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when all that was accepted is done. */
  async settle(): Promise<void> {
    await Promise.all(this.#running)
  }
}
