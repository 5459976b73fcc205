import { parseArgs } from 'node:util'

export interface Options {
  /** Whether a mixed day is measured, instead of single operations. */
  readonly day: boolean
  /** Whether it is measured how soon Usher is ready, instead of single operations. */
  readonly start: boolean
  /** Numbers of workers that are compared, instead of measuring single operations; empty: none are. */
  readonly workers: readonly number[]
  /** Users that are there before anything is measured; on a day, in each organization. */
  readonly users: number
  /** Users of a second directory, which is compared with the first, on a day of the first organization; 0: there is none. */
  readonly large: number
  /** Members of the large group. */
  readonly members: number
  /** How long each operation is measured, for Usher and for its floor alike; on a day, how long half of the maximum is kept up. */
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
      day: { type: 'boolean', default: false },
      start: { type: 'boolean', default: false },
      workers: { type: 'string' },
      users: { type: 'string' },
      large: { type: 'string', default: '0' },
      members: { type: 'string', default: '100000' },
      seconds: { type: 'string' },
      'in-flight': { type: 'string', default: '32' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      profile: { type: 'string' },
    },
  })
  const { day, start, workers } = values
  const usual = { users: day ? '300' : '10000', seconds: day || workers !== undefined ? '30' : '1.5' }
  return {
    day,
    start,
    workers: workers === undefined ? [] : workers.split(',').map((value) => number('workers', value)),
    users: number('users', values.users ?? usual.users),
    large: values.large === '0' ? 0 : number('large', values.large),
    members: number('members', values.members),
    seconds: number('seconds', values.seconds ?? usual.seconds),
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
