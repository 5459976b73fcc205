import { type ErrorCode, UsherError } from '../../src/errors.ts'

/** For `assert.throws`: an error of the catalogue with this code, whose sentence fits the pattern. */
export function refusal(code: ErrorCode, detail = /./): (error: unknown) => boolean {
  return (error) => error instanceof UsherError && error.code === code && detail.test(error.detail)
}
