/** Operations of a bulk against the same operations as single requests. */
import { randomUUID } from 'node:crypto'
import type { Comparison } from './comparison.ts'
import { type Asking, type Client, measureInTurns, type Reading } from './measure.ts'
import { patchOp } from './operations.ts'
import type { Options } from './options.ts'
import type { Measured } from './process.ts'
import { type Stage, userBody } from './stage.ts'

const size = 1_000
/** Single requests under way for one bulk: with so many operations in it one is more than enough. */
const singlesPerBulk = 8
/** Least rate of operations in a bulk over that of single requests. */
const mark = 3

/** `rate` and `cpu` are those of operations, whichever way they came; `latency` is that of requests. */
export interface BulkFigure {
  readonly name: string
  /** Single requests under way, and bulks. */
  readonly inFlight: number
  readonly bulks: number
  readonly together: Reading
  readonly apart: Reading
}

interface Kind {
  readonly name: string
  readonly status: number
  readonly make: () => {
    readonly method: string
    readonly path: string
    readonly bulkId?: string
    readonly data: object
  }
}

export async function measureBulk(
  stage: Stage,
  process: Measured,
  client: Client,
  options: Options,
): Promise<readonly BulkFigure[]> {
  const figures: BulkFigure[] = []
  for (const kind of kindsOn(stage).filter(({ name }) => name.includes(options.only))) {
    for (const inFlight of options.inFlight) {
      const bulks = Math.ceil(inFlight / singlesPerBulk)
      const sides = [
        { process, client, asking: inBulk(stage, kind), inFlight: bulks },
        { process, client, asking: single(stage, kind) },
      ]
      const [bulk, apart] = await measureInTurns(sides, { seconds: options.seconds, inFlight })
      const together = { ...bulk!, rate: bulk!.rate * size, cpu: bulk!.cpu / size }
      figures.push({ name: kind.name, inFlight, bulks, together, apart: apart! })
    }
  }
  return figures
}

export function compareBulk({ name, inFlight, together, apart }: BulkFigure): Comparison {
  const value = together.rate / apart.rate
  const title = `rate of operations in a ${name} over single ones, ${inFlight} in flight`
  return { name: title, value, mark: `≥ ${mark}`, holds: value >= mark }
}

function kindsOn({ userIds }: Stage): readonly Kind[] {
  let position = 0
  const nextUser = () => {
    position = (position + 1) % userIds.length
    return userIds[position]!
  }
  return [
    {
      name: `bulk of ${size} creates`,
      status: 201,
      make: () => {
        const name = randomUUID()
        return { method: 'POST', path: '/Users', bulkId: name, data: userBody(name) }
      },
    },
    {
      name: `bulk of ${size} patches`,
      status: 200,
      make: () => ({
        method: 'PATCH',
        path: `/Users/${nextUser()}`,
        data: patchOp({ op: 'replace', path: 'title', value: randomUUID() }),
      }),
    },
  ]
}

function inBulk({ slug, token }: Stage, { status, make }: Kind): Asking {
  const check = (body: string) => body.split(`"status":"${status}"`).length === size + 1
  return () => {
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest']
    const body = { schemas, Operations: Array.from({ length: size }, make) }
    return { method: 'POST', path: `/scim/v2/${slug}/Bulk`, token, body, status: 200, check }
  }
}

function single({ slug, token }: Stage, { status, make }: Kind): Asking {
  return () => {
    const { method, path, data } = make()
    return { method, path: `/scim/v2/${slug}${path}`, token, body: data, status }
  }
}
