import { parseArgs } from 'node:util'

export interface Options {
  /** Users that are there before anything is measured. */
  readonly users: number
  /** Users of a second directory, which is compared with the first; 0: there is none. */
  readonly large: number
  /** Members of the large group. */
  readonly members: number
  /** How long each operation is measured, for Usher and for its floor alike. */
  readonly seconds: number
  /** Requests under way at any time; everything is measured with each of these. */
  readonly inFlight: readonly number[]
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
      large: { type: 'string', default: '0' },
      members: { type: 'string', default: '100000' },
      seconds: { type: 'string', default: '1.5' },
      'in-flight': { type: 'string', default: '32' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  return {
    users: number('users', values.users),
    large: values.large === '0' ? 0 : number('large', values.large),
    members: number('members', values.members),
    seconds: number('seconds', values.seconds),
    inFlight: values['in-flight'].split(',').map((value) => number('in-flight', value)),
    only: values.only,
    json: values.json,
    profile: values.profile,
  }
}

function number(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`)
  return value
}
