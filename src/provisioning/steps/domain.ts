import { equalIgnoringAsciiCase } from '../../schema/fold.ts'
import { type Facts, isCreation, provisions, refuse, type Step, type StepResult } from '../facts.ts'

/** An invitation is used up by the person whose provider says, as a boolean, that the invited address is theirs. */
function invitationOf(facts: Facts): Facts['invitation'] {
  const { email } = facts
  const { invitation } = facts.snapshot
  if (!provisions(facts) || invitation === null || email?.asserted !== true) return null
  return equalIgnoringAsciiCase(email.address, invitation.email) ? invitation : null
}

function checkAddress({ email, settings }: Facts): StepResult {
  if (settings.domains === 'any') return { result: 'pass', detail: 'People of every domain may be created.' }
  if (email === null) return refuse('domain_not_allowed', 'The login has no e-mail address.')
  // where the provider says nothing, an address counted as verified for as long as the proof of its domain held
  const wasTrusted = settings.emailTrust === 'domain' && !email.denied
  if (email.domain === 'lapsed' && (email.verified || wasTrusted)) {
    return refuse('domain_lapsed', 'The proof of the domain of the e-mail address has lapsed.')
  }
  if (!email.verified) return refuse('email_unverified', 'The e-mail address does not count as verified.')
  if (email.domain !== 'verified') {
    return refuse('domain_not_allowed', 'The domain of the e-mail address is not verified by the organization.')
  }
  return { result: 'pass', detail: 'The e-mail address is verified and at a verified domain.' }
}

/** Who may be created: people with a verified e-mail at a verified domain of the organization, and invited ones. */
export const domainStep: Step = {
  name: 'domain',
  run(facts) {
    const invitation = invitationOf(facts)
    if (!isCreation(facts)) {
      return { result: 'skip', detail: 'Nobody is created by this login.', facts: { invitation } }
    }
    if (invitation !== null) {
      return { result: 'pass', detail: 'The person was invited by this e-mail address.', facts: { invitation } }
    }
    return checkAddress(facts)
  },
}
