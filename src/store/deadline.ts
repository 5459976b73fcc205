import { UsherError } from '../errors.ts'

/**
 * What `work` gives, if it gives it in time. The driver has limits of its own, but each of its repetitions gets them
 * anew: whoever asks would wait for the sum of them when the database has frozen. The work itself goes on and is left
 * alone, so its outcome is not known.
 *
 * @throws UsherError `unavailable` after so many milliseconds
 */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const detail = 'The database does not answer in time. Whether a change was made is not known; try again shortly.'
    reject(new UsherError('unavailable', detail, { retryAfter: 2 }))
  }, milliseconds)
  try {
    return await Promise.race([work, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
