/** Somebody who can sign in at the demo identity provider. */
export interface Person {
  /** The subject at the provider; also the externalId of the one whom SCIM has pushed. */
  readonly subject: string
  readonly givenName: string
  readonly familyName: string
  readonly email: string
  readonly emailVerified: boolean
  readonly groups?: readonly string[]
  /** Pushed by the SCIM client before anybody signs in. */
  readonly pushed?: true
  /** What the person shows. */
  readonly story: string
}

/** Five people, one for each thing that can happen at a first login. */
export const people: readonly Person[] = [
  {
    subject: 'anna',
    givenName: 'Anna',
    familyName: 'Berg',
    email: 'anna@acme.example',
    emailVerified: true,
    story: 'An employee: the first login creates the user.',
  },
  {
    subject: 'mateo',
    givenName: 'Mateo',
    familyName: 'Silva',
    email: 'mateo@acme.example',
    emailVerified: true,
    groups: ['managers'],
    story: 'A manager: the groups claim gives a group and a role.',
  },
  {
    subject: 'carla',
    givenName: 'Carla',
    familyName: 'Novak',
    email: 'carla@freelance.example',
    emailVerified: true,
    story: 'A contractor: her domain is not the organization’s, so she is refused.',
  },
  {
    subject: 'udo',
    givenName: 'Udo',
    familyName: 'Lind',
    email: 'udo@acme.example',
    emailVerified: false,
    story: 'His e-mail address is not verified, so he is refused.',
  },
  {
    subject: 'priya',
    givenName: 'Priya',
    familyName: 'Nair',
    email: 'priya@acme.example',
    emailVerified: true,
    pushed: true,
    story: 'SCIM has pushed her before: the login is linked to that user.',
  },
]

/** The person whom a login hint names, by e-mail address or subject. */
export function findPerson(hint: unknown): Person | undefined {
  return people.find((person) => person.email === hint || person.subject === hint)
}

/** The claims of a person, in the words of OpenID Connect Core section 5.1. */
export function claimsOf(person: Person): { readonly sub: string; readonly [claim: string]: unknown } {
  return {
    sub: person.subject,
    name: `${person.givenName} ${person.familyName}`,
    given_name: person.givenName,
    family_name: person.familyName,
    preferred_username: person.email,
    email: person.email,
    email_verified: person.emailVerified,
    ...(person.groups && { groups: person.groups }),
  }
}
