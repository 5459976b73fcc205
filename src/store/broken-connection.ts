/** Connections that a write finds broken: the driver hands the system's error on as it is, and takes it for none of its own. */
import mongoose from 'mongoose'

const { MongoError, MongoNetworkError } = mongoose.mongo

/** Whether this is an error of the operating system about a connection, such as `ECONNRESET` or `EPIPE`. */
export function isBrokenConnection(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && !(error instanceof MongoError) && 'syscall' in error && 'errno' in error
}

/** The same as an error of the driver, which begins again by its label. */
export function asNetworkError(error: Error, label: string): Error {
  const known = new MongoNetworkError(error.message, { cause: error })
  known.addErrorLabel(label)
  return known
}
