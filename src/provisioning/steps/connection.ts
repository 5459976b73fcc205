import { refuse, type Step } from '../facts.ts'

/** The connection is switched on, and its provider is still the one that it was set up for. */
export const connectionStep: Step = {
  name: 'connection',
  run({ connection, login, settings }) {
    if (!connection.enabled)
      return refuse('connection_disabled', `The connection "${connection.name}" is switched off.`)
    if (connection.announcedIssuer !== connection.issuer) {
      return refuse(
        'issuer_mismatch',
        `The connection was set up for "${connection.issuer}", and its provider announces "${connection.announcedIssuer}".`,
      )
    }
    if (login.issuer !== connection.issuer) {
      return refuse(
        'issuer_mismatch',
        `The login is by "${login.issuer}", the connection is for "${connection.issuer}".`,
      )
    }
    return { result: 'pass', detail: `The connection "${connection.name}" is in mode "${settings.mode}".` }
  },
}
