import type { Source } from '../context.ts'

const displays: Readonly<Record<string, string>> = {
  scim: 'SCIM client',
  login: 'Login',
  admin: 'Administrator',
  invitation: 'Invitation',
  job: 'Job',
}

/** What a person reads for a source; the kind of it, for names may change. */
export function displayOf(source: Source): string {
  return displays[source.slice(0, source.indexOf(':'))] ?? source
}
