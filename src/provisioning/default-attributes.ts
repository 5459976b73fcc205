import type { AttributeMapping } from './settings-schema.ts'

const address = 'addresses[type eq "work"]'

/**
 * What a connection maps when it names nothing: the standard claims (OpenID Connect Core section 5.1) onto the
 * attributes of RFC 7643 section 4.1 with the same meaning.
 *
 * The person's names, nickname and addresses go to the attributes of the same name, `name` to `displayName` and
 * `name.formatted`, `zoneinfo` to `timezone`; e-mail, telephone number and postal address go to the values of type
 * `work` (the provider is an organization's), the picture to the photo of type `photo`. `website`, `gender`,
 * `birthdate` and `updated_at` have no attribute; `preferred_username` is used for `userName`.
 */
export const defaultAttributes: readonly AttributeMapping[] = [
  { attribute: 'name.givenName', claim: 'given_name' },
  { attribute: 'name.familyName', claim: 'family_name' },
  { attribute: 'name.middleName', claim: 'middle_name' },
  { attribute: 'name.formatted', claim: 'name' },
  { attribute: 'displayName', claim: 'name' },
  { attribute: 'nickName', claim: 'nickname' },
  { attribute: 'profileUrl', claim: 'profile' },
  { attribute: 'photos[type eq "photo"].value', claim: 'picture' },
  { attribute: 'emails[type eq "work"].value', claim: 'email' },
  { attribute: 'phoneNumbers[type eq "work"].value', claim: 'phone_number' },
  { attribute: 'timezone', claim: 'zoneinfo' },
  { attribute: 'locale', claim: 'locale' },
  { attribute: `${address}.formatted`, claim: 'address.formatted' },
  { attribute: `${address}.streetAddress`, claim: 'address.street_address' },
  { attribute: `${address}.locality`, claim: 'address.locality' },
  { attribute: `${address}.region`, claim: 'address.region' },
  { attribute: `${address}.postalCode`, claim: 'address.postal_code' },
  { attribute: `${address}.country`, claim: 'address.country' },
]
