import { UsherError } from '../errors.ts'

/** `/Me` (RFC 7644 section 3.11): no credential stands for a person. @throws UsherError `not_implemented` */
export function me(): never {
  throw new UsherError('not_implemented', 'No credential stands for a user, so that /Me has nobody to show.')
}
