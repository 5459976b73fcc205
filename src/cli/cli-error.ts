/** Something that the person at the terminal is told in one sentence; the process ends with 1. */
export class CliError extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'CliError'
  }
}
