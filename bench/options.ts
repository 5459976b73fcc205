import { parseArgs } from 'node:util'

export interface Options {
  /** Users that are there before anything is measured. */
  readonly users: number
  /** Members of the large group. */
  readonly members: number
  /** How long each operation is measured, for Usher and for its floor alike. */
  readonly seconds: number
  /** Requests under way at any time. */
  readonly inFlight: number
  /** Only operations whose name contains this. */
  readonly only: string
  /** File that gets the figures as JSON. */
  readonly json: string | undefined
  /** Folder that gets a CPU profile of the Usher process. */
  readonly profile: string | undefined
}

export function readOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      users: { type: 'string', default: '10000' },
      members: { type: 'string', default: '100000' },
      seconds: { type: 'string', default: '1.5' },
      'in-flight': { type: 'string', default: '32' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  const number = (name: 'users' | 'members' | 'seconds' | 'in-flight') => {
    const value = Number(values[name])
    if (!(value > 0)) throw new Error(`--${name} must be a number above 0`)
    return value
  }
  return {
    users: number('users'),
    members: number('members'),
    seconds: number('seconds'),
    inFlight: number('in-flight'),
    only: values.only,
    json: values.json,
    profile: values.profile,
  }
}
