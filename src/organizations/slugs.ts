/** Slugs: what stands for an organization in every URL. */
import { invalidMember } from './refusals.ts'

/** Words that are, or could become, paths of this service. */
const reserved: ReadonlySet<string> = new Set(
  'admin api assets callback docs health help livez login logout metrics oauth openapi organizations public readyz root scim static status support system usher version well-known www'.split(
    ' ',
  ),
)

/** @throws UsherError `validation_failed` */
export function checkSlug(slug: string): void {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(slug)) {
    throw invalidMember(
      'slug',
      'A slug has 1 to 63 characters of a-z, 0-9 and "-", and neither begins nor ends with "-".',
    )
  }
  if (reserved.has(slug)) throw invalidMember('slug', `The slug "${slug}" is reserved.`)
}
