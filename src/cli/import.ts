import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { type Body, bodiesOf, type Client } from './client.ts'
import type { Terminal } from './terminal.ts'

const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const bulkUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest'
const patchUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const searchUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'
/** Operations in one bulk request, and members in one PATCH; and the characters of them, which the server limits too. */
const batch = { size: 500, characters: 300_000 }
/** Names that are looked up by one filter. */
const names = { size: 80, characters: 2_000 }

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

interface TypedLine extends Line {
  readonly type: Type
}

/** What is to be done with a resource that is there. */
interface Patch {
  readonly number: number
  readonly path: string
  readonly operation: object
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
    const lengthOf = ({ resource }: Line) => JSON.stringify(resource).length
    for await (const lines of batches(linesOf(file), lengthOf, batch)) await this.#make(lines)
    for await (const patches of batches(this.#managers(file), () => 0, batch)) await this.#patch(patches)
    for await (const { number, resource } of linesOf(file)) await this.#addMembers(number, resource)
    return this.#counts
  }

  async #make(lines: readonly Line[]): Promise<void> {
    const typed = lines.flatMap((line) => {
      const type = this.#typeOf(line.resource)
      if (type === undefined) this.#fail(line.number, 'is no resource of a type that the organization has')
      return type === undefined ? [] : [{ ...line, type }]
    })
    // A name that is taken costs more to refuse than to look up. Of users it can only be one.
    const there = await this.#find(typed.filter(({ type }) => type.name === 'User'))
    const wanted = typed.filter((line) => !this.#recognise(line, there))
    const answers = await this.#bulk(
      wanted.map(({ number, resource, type }) => ({
        method: 'POST',
        path: type.endpoint,
        bulkId: `${number}`,
        data: this.#input(resource),
      })),
    )
    const answered = wanted.map((line, index) => ({ ...line, answer: answers[index] ?? {} }))
    const found = await this.#find(answered.filter(({ answer }) => answer.status === '409'))
    for (const { answer, ...line } of answered) {
      if (answer.status === '201') {
        const location = typeof answer.location === 'string' ? answer.location : ''
        this.#counts.made += 1
        this.#ids.set(String(line.resource.id), location.slice(location.lastIndexOf('/') + 1))
      } else if (answer.status !== '409' || !(this.#recognise(line, found) || (await this.#recogniseAlike(line)))) {
        this.#refused(line.number, answer)
      }
    }
    this.#tell(`${this.#counts.made + this.#counts.existing} resources`)
  }

  /** Counts what was found as there already; false for what was not. */
  #recognise({ number, resource }: Line, found: ReadonlyMap<number, string>): boolean {
    const id = found.get(number)
    if (id === undefined) return false
    this.#counts.existing += 1
    this.#ids.set(String(resource.id), id)
    return true
  }

  /** Under a name that is the same for the server. */
  async #recogniseAlike(line: TypedLine): Promise<boolean> {
    if (typeof nameOf(line) !== 'string') return false
    const query = `filter=${encodeURIComponent(termOf(line))}&attributes=id`
    const { status, answer } = await this.#client.ask('GET', `${this.#base}${line.type.endpoint}?${query}`)
    const [found] = status === 200 ? bodiesOf(answer.Resources) : []
    return typeof found?.id === 'string' && this.#recognise(line, new Map([[line.number, found.id]]))
  }

  /** The ids of those that are there under exactly their name, by the numbers of their lines. */
  async #find(lines: readonly TypedLine[]): Promise<ReadonlyMap<number, string>> {
    const found = new Map<number, string>()
    for (const type of new Set(lines.map((line) => line.type))) {
      const named = lines.filter((line) => line.type === type && typeof nameOf(line) === 'string')
      for await (const some of batches(named, (line) => termOf(line).length, names)) {
        const ids = await this.#search(type, some)
        for (const line of some) {
          const id = ids.get(nameOf(line))
          if (id !== undefined) found.set(line.number, id)
        }
      }
    }
    return found
  }

  /** Ids by names, of those that are there with exactly this name and are the only ones. */
  async #search({ endpoint }: Type, lines: readonly TypedLine[]): Promise<ReadonlyMap<unknown, string>> {
    const [first] = lines
    const attribute = first === undefined ? '' : attributeOf(first)
    const filter = lines.map(termOf).join(' or ')
    const body = { schemas: [searchUrn], filter, attributes: [attribute], count: 1_000 }
    const { status, answer } = await this.#client.ask('POST', `${this.#base}${endpoint}/.search`, body)
    const resources = status === 200 ? bodiesOf(answer.Resources) : []
    if (Number(answer.totalResults) > resources.length) return new Map()
    const byName = Map.groupBy(resources, (resource) => resource[attribute])
    return new Map(
      [...byName].flatMap(([name, [one, ...others]]) => (others.length > 0 ? [] : [[name, String(one?.id)]])),
    )
  }

  /** What gives people their managers. */
  async *#managers(file: string): AsyncGenerator<Patch> {
    for await (const { number, resource } of linesOf(file)) {
      const manager = (resource[enterpriseUrn] as Body | undefined)?.manager as Body | undefined
      if (typeof manager?.value !== 'string') continue
      const [id, value] = [this.#ids.get(String(resource.id)), this.#ids.get(manager.value)]
      if (id === undefined || value === undefined) continue
      yield {
        number,
        path: `/Users/${id}`,
        operation: { op: 'add', path: `${enterpriseUrn}:manager`, value: { value } },
      }
    }
  }

  async #addMembers(number: number, resource: Body): Promise<void> {
    const id = this.#ids.get(String(resource.id))
    const members = bodiesOf(resource.members).flatMap(({ value }) => this.#ids.get(String(value)) ?? [])
    if (id === undefined || members.length === 0 || this.#typeOf(resource)?.name !== 'Group') return
    for (let begin = 0; begin < members.length; begin += batch.size) {
      const value = members.slice(begin, begin + batch.size).map((member) => ({ value: member }))
      await this.#patch([{ number, path: `/Groups/${id}`, operation: { op: 'add', path: 'members', value } }])
    }
    this.#tell(`${resource.displayName}: ${members.length} members`)
  }

  async #patch(patches: readonly Patch[]): Promise<void> {
    const answers = await this.#bulk(
      patches.map(({ path, operation }) => ({
        method: 'PATCH',
        path,
        data: { schemas: [patchUrn], Operations: [operation] },
      })),
    )
    for (const [index, { number }] of patches.entries()) {
      const answer = answers[index] ?? {}
      if (!(Number(answer.status) < 400)) this.#refused(number, answer)
    }
  }

  /** What each operation is answered with, in their order. */
  async #bulk(Operations: readonly object[]): Promise<readonly Body[]> {
    if (Operations.length === 0) return []
    const body = { schemas: [bulkUrn], Operations }
    return bodiesOf((await this.#client.call('POST', `${this.#base}/Bulk`, body)).Operations)
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

  #refused(number: number, { status, response }: Body): void {
    this.#fail(number, String((response as Body | undefined)?.detail ?? `was answered with ${status}`))
  }

  #fail(number: number, sentence: string): void {
    this.#counts.failed += 1
    this.#tell(`line ${number}: ${sentence}`)
  }
}

function attributeOf({ type }: TypedLine): string {
  return type.name === 'User' ? 'userName' : 'displayName'
}

function nameOf(line: TypedLine): unknown {
  return line.resource[attributeOf(line)]
}

function termOf(line: TypedLine): string {
  return `${attributeOf(line)} eq ${JSON.stringify(nameOf(line))}`
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

/** As many at a time as may be, and no more characters; at least one. */
async function* batches<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  lengthOf: (item: Item) => number,
  most: { readonly size: number; readonly characters: number },
): AsyncGenerator<readonly Item[]> {
  let gathered: Item[] = []
  let characters = 0
  for await (const item of items) {
    const length = lengthOf(item)
    if (gathered.length > 0 && (gathered.length === most.size || characters + length > most.characters)) {
      yield gathered
      gathered = []
      characters = 0
    }
    gathered.push(item)
    characters += length
  }
  if (gathered.length > 0) yield gathered
}
