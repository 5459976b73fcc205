import { after } from 'node:test'
import { mongo } from 'mongoose'

/** What happens to a command instead of its execution, or, with `writeConcernError`, after it. */
export interface CommandFault {
  readonly errorCode?: number
  readonly errorLabels?: readonly string[]
  readonly closeConnection?: true
  readonly writeConcernError?: {
    readonly code: number
    readonly errmsg: string
    readonly errorLabels?: readonly string[]
  }
}

/** Faults within the database server itself, for the commands of one client of it. */
export class Failpoint {
  readonly #client: mongo.MongoClient
  readonly #appName: string
  #before = 0

  /** Ends with the test file: to be made at its top. */
  constructor(database: string, appName: string) {
    this.#client = new mongo.MongoClient(database)
    this.#appName = appName
    after(async () => {
      await this.off()
      await this.#client.close()
    })
  }

  /** The next commands of these names, as many as `times` says, have the fault. */
  async on(commands: readonly string[], fault: CommandFault, times = 1): Promise<void> {
    this.#before = await this.#set({ times }, { failCommands: commands, appName: this.#appName, ...fault })
  }

  /** Gives how often the fault has happened since it was switched on. */
  async off(): Promise<number> {
    return (await this.#set('off', undefined)) - this.#before
  }

  async #set(mode: unknown, data: unknown): Promise<number> {
    const command = { configureFailPoint: 'failCommand', mode, ...(data === undefined ? {} : { data }) }
    return Number((await this.#client.db('admin').command(command)).count)
  }
}
