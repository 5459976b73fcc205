import { refuse, type Step } from '../facts.ts'
import { readSubject } from '../lookups.ts'

/** Who the person is: connection, issuer and subject, and nothing else (never an e-mail address) is the key. */
export const identityStep: Step = {
  name: 'identity',
  run({ connection, login, settings, snapshot }) {
    const subject = readSubject(connection, login)
    if (subject === null) {
      return refuse('subject_missing', `The login has no text in the claim "${settings.subjectClaim}".`)
    }
    if (snapshot.linked === null) {
      return { result: 'pass', detail: 'This person has no link yet.', facts: { subject } }
    }
    return {
      result: 'pass',
      detail: `This person is linked to the user ${snapshot.linked.id}.`,
      facts: { subject, person: { kind: 'linked', user: snapshot.linked } },
    }
  },
}
