import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { type Body, bodiesOf, type Client } from './client.ts'
import type { Terminal } from './terminal.ts'

const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const bulkUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
/** Resources in one bulk request, and members in one PATCH. */
const batch = 500

/** `usher import` */
export function addImportCommand(program: Command, terminal: Terminal): void {
  program
    .command('import <org> <file>')
    .description('make what `usher export` wrote in an organization; what is there already is left as it is')
    .option('--with-roles', 'grant the roles of the users too, whatever they came from')
    .action(async (org: string, file: string, { withRoles = false }: { withRoles?: boolean }) => {
      const importing = new Import(terminal.client(), org, withRoles, terminal.tell)
      const { made, existing, failed } = await importing.run(file)
      terminal.tell(`${made} made, ${existing} there already, ${failed} failed.`)
      if (failed > 0) process.exitCode = 1
    })
}

interface Line {
  readonly number: number
  readonly resource: Body
}

interface Type {
  readonly name: string
  readonly endpoint: string
  readonly schema: string
}

/**
 * One import. The file is read three times: for the resources, for the references between them, which need the new ids,
 * and for the members of groups. It can be run again: what was made the first time is found by its name.
 */
class Import {
  readonly #client: Client
  readonly #base: string
  readonly #withRoles: boolean
  readonly #tell: (line: string) => void
  /** New ids by those in the file. */
  readonly #ids = new Map<string, string>()
  readonly #counts = { made: 0, existing: 0, failed: 0 }
  #types: readonly Type[] = []

  constructor(client: Client, org: string, withRoles: boolean, tell: (line: string) => void) {
    this.#client = client
    this.#base = `/scim/v2/${org}`
    this.#withRoles = withRoles
    this.#tell = tell
  }

  async run(file: string): Promise<{ readonly made: number; readonly existing: number; readonly failed: number }> {
    this.#types = bodiesOf((await this.#client.call('GET', `${this.#base}/ResourceTypes`)).Resources).map((type) => ({
      name: String(type.name),
      endpoint: String(type.endpoint),
      schema: String(type.schema),
    }))
    for await (const lines of batches(linesOf(file))) await this.#make(lines)
    for await (const { number, resource } of linesOf(file)) {
      await this.#setManager(number, resource)
      await this.#addMembers(number, resource)
    }
    return this.#counts
  }

  async #make(lines: readonly Line[]): Promise<void> {
    const typed = lines.flatMap((line) => {
      const type = this.#typeOf(line.resource)
      if (type === undefined) this.#fail(line.number, 'is no resource of a type that the organization has')
      return type === undefined ? [] : [{ ...line, type }]
    })
    const Operations = typed.map(({ number, resource, type }) => ({
      method: 'POST',
      path: type.endpoint,
      bulkId: `${number}`,
      data: this.#input(resource),
    }))
    const answers = bodiesOf(
      (await this.#client.call('POST', `${this.#base}/Bulk`, { schemas: [bulkUrn], Operations })).Operations,
    )
    for (const [index, answer] of answers.entries()) {
      const line = typed[index]
      if (line !== undefined) await this.#settle(line, answer)
    }
    this.#tell(`${this.#counts.made + this.#counts.existing} resources`)
  }

  async #settle({ number, resource, type }: Line & { readonly type: Type }, answer: Body): Promise<void> {
    const location = typeof answer.location === 'string' ? answer.location : ''
    if (answer.status === '201') {
      this.#counts.made += 1
      this.#ids.set(String(resource.id), location.slice(location.lastIndexOf('/') + 1))
      return
    }
    const there = answer.status === '409' ? await this.#find(type, resource) : undefined
    if (there === undefined) {
      const detail = (answer.response as Body | undefined)?.detail
      this.#fail(number, String(detail ?? `was answered with ${answer.status}`))
      return
    }
    this.#counts.existing += 1
    this.#ids.set(String(resource.id), there)
  }

  async #find({ name, endpoint }: Type, resource: Body): Promise<string | undefined> {
    const attribute = name === 'User' ? 'userName' : 'displayName'
    if (typeof resource[attribute] !== 'string') return undefined
    const filter = encodeURIComponent(`${attribute} eq ${JSON.stringify(resource[attribute])}`)
    const { status, answer } = await this.#client.ask('GET', `${this.#base}${endpoint}?filter=${filter}&attributes=id`)
    const [found] = status === 200 ? bodiesOf(answer.Resources) : []
    return typeof found?.id === 'string' ? found.id : undefined
  }

  async #setManager(number: number, resource: Body): Promise<void> {
    const manager = (resource[enterpriseUrn] as Body | undefined)?.manager as Body | undefined
    if (typeof manager?.value !== 'string') return
    const [id, value] = [this.#ids.get(String(resource.id)), this.#ids.get(manager.value)]
    if (id === undefined || value === undefined) return
    await this.#patch(number, `/Users/${id}`, [{ op: 'add', path: `${enterpriseUrn}:manager`, value: { value } }])
  }

  async #addMembers(number: number, resource: Body): Promise<void> {
    const id = this.#ids.get(String(resource.id))
    const members = bodiesOf(resource.members).flatMap(({ value }) => this.#ids.get(String(value)) ?? [])
    if (id === undefined || members.length === 0 || this.#typeOf(resource)?.name !== 'Group') return
    for (let begin = 0; begin < members.length; begin += batch) {
      const value = members.slice(begin, begin + batch).map((member) => ({ value: member }))
      await this.#patch(number, `/Groups/${id}`, [{ op: 'add', path: 'members', value }])
    }
    this.#tell(`${resource.displayName}: ${members.length} members`)
  }

  async #patch(number: number, path: string, Operations: readonly object[]): Promise<void> {
    const body = { schemas: [patchUrn], Operations }
    const { status, answer } = await this.#client.ask('PATCH', `${this.#base}${path}`, body)
    if (status >= 400) this.#fail(number, String(answer.detail))
  }

  #typeOf({ schemas }: Body): Type | undefined {
    return Array.isArray(schemas) ? this.#types.find(({ schema }) => schemas.includes(schema)) : undefined
  }

  /** What a client may write, without references, which follow when every id is known. */
  #input(resource: Body): Body {
    const { id: _id, meta: _meta, groups: _groups, members: _members, roles, ...rest } = resource
    const enterprise = rest[enterpriseUrn]
    const { manager: _manager, ...kept } = (typeof enterprise === 'object' ? enterprise : {}) as Body
    return {
      ...rest,
      ...(enterprise === undefined ? {} : { [enterpriseUrn]: kept }),
      ...(this.#withRoles && roles !== undefined ? { roles } : {}),
    }
  }

  #fail(number: number, sentence: string): void {
    this.#counts.failed += 1
    this.#tell(`line ${number}: ${sentence}`)
  }
}

async function* linesOf(file: string): AsyncGenerator<Line> {
  const input = createReadStream(file, 'utf8')
  input.on('error', () => undefined)
  let number = 0
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1
      if (text.trim() !== '') yield { number, resource: resourceOf(text, number) }
    }
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function resourceOf(text: string, number: number): Body {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Body
  } catch {
    // Said below.
  }
  throw new CliError(`Line ${number} is no JSON object. Nothing after it was imported.`)
}

async function* batches(lines: AsyncGenerator<Line>): AsyncGenerator<readonly Line[]> {
  let gathered: Line[] = []
  for await (const line of lines) {
    gathered.push(line)
    if (gathered.length < batch) continue
    yield gathered
    gathered = []
  }
  if (gathered.length > 0) yield gathered
}
