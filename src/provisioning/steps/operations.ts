import { existingUser, provisions, refuse, type Step } from '../facts.ts'
import { operationsFor } from '../operations.ts'

/** The decision as SCIM operations; in mode `off` there are none, and the settings say who is let through. */
export const operationsStep: Step = {
  name: 'operations',
  run(facts) {
    const { person, settings } = facts
    if (!provisions(facts)) {
      if (person.kind !== 'linked' && settings.whenOff === 'refuse') {
        return refuse('jit_disabled', 'Provisioning is switched off, and the person has no linked user.')
      }
      return { result: 'skip', detail: 'The connection writes nothing.' }
    }
    const operations = operationsFor(facts, existingUser(facts))
    const paths = operations.map(({ method, path }) => `${method} ${path}`)
    return {
      result: 'pass',
      detail: operations.length === 0 ? 'Nothing changes.' : `The login comes to ${paths.join(', ')}.`,
      facts: { operations },
    }
  },
}
