/** Whether a directory of a million costs what one of ten thousand costs, and the last page what the first one costs. */
import type { Comparison } from './comparison.ts'
import { type Asking, measureInTurns, type Reading } from './measure.ts'
import type { Options } from './options.ts'
import type { Site } from './site.ts'
import type { Stage } from './stage.ts'

/** Most that the larger may cost for one that the smaller costs. */
const mark = 1.2
const pageSize = 100
const turns = 15
/** Between two lines of progress. */
const pagesPerLine = 1_000

export interface FlatFigure {
  readonly name: string
  readonly inFlight: number
  readonly users: number
  readonly reading: Reading
}

export interface Flatness {
  readonly figures: readonly FlatFigure[]
  readonly comparisons: readonly Comparison[]
}

/** Something that is asked of one of them. */
interface Question {
  readonly site: Site
  readonly name: string
  readonly asking: Asking
}

/** Look-ups in both, and pages at several depths of the larger one; what is compared is measured in turns. */
export async function measureFlatness(small: Site, large: Site, options: Options): Promise<Flatness> {
  const figures: FlatFigure[] = []
  const comparisons: Comparison[] = []
  const compare = async (questions: readonly Question[]) => {
    for (const inFlight of options.inFlight) {
      const sides = questions.map(({ site, asking }) => ({ ...site, asking }))
      const readings = await measureInTurns(sides, { seconds: options.seconds, inFlight, turns })
      const measured = questions.map(({ name, site }, index): FlatFigure => {
        return { name, inFlight, users: site.stage.userIds.length, reading: readings[index]! }
      })
      figures.push(...measured)
      comparisons.push(...measured.slice(1).map((figure) => costOf(figure, measured[0]!)))
    }
  }
  for (const [attribute, valueFor] of lookups) {
    const question = (site: Site) => ({
      site,
      name: `filter ${attribute} eq`,
      asking: finding(site.stage, attribute, valueFor),
    })
    await compare([question(small), question(large)])
  }
  const { middle, end } = await walk(large)
  const depths = [
    { where: 'at the start', cursor: '' },
    { where: 'after the first', cursor: (await pageOf(large, ''))! },
    { where: 'in the middle', cursor: middle },
    { where: 'at the end', cursor: end },
  ]
  await compare(
    depths.map(({ where, cursor }) => ({
      site: large,
      name: `page of ${pageSize} ${where}`,
      asking: () => read(large.stage, `count=${pageSize}&cursor=${cursor}`),
    })),
  )
  return { figures, comparisons }
}

function costOf(figure: FlatFigure, base: FlatFigure): Comparison {
  const title = ({ name, users }: FlatFigure) => `${name}, ${users} users`
  const value = base.reading.rate / figure.reading.rate
  const name = `cost of ${title(figure)}, over ${title(base)}, ${figure.inFlight} in flight`
  return { name, value, mark: `≤ ${mark}`, holds: value <= mark }
}

const lookups: readonly (readonly [attribute: string, valueFor: (name: string) => string])[] = [
  ['userName', (name) => `${name}@bench.example`],
  ['externalId', (name) => name],
  ['emails.value', (name) => `${name}@bench.example`],
]

function finding(stage: Stage, attribute: string, valueFor: (name: string) => string): Asking {
  return () => {
    const name = `user-${Math.floor(Math.random() * stage.userIds.length)}`
    const filter = encodeURIComponent(`${attribute} eq "${valueFor(name)}"`)
    return { ...read(stage, `filter=${filter}`), check: (body) => body.includes('"totalResults":1,') }
  }
}

function read({ slug, token }: Stage, query: string) {
  return { method: 'GET', path: `/scim/v2/${slug}/Users?${query}`, token, status: 200 }
}

/** Cursors of pages in the middle and at the end. On a long walk those that are kept are exchanged for fresh ones. */
async function walk(site: Site): Promise<{ readonly middle: string; readonly end: string }> {
  const pages = Math.ceil(site.stage.userIds.length / pageSize)
  let kept: readonly string[] = []
  let page = 1
  for (let next = await pageOf(site, ''); next !== undefined; next = await pageOf(site, next)) {
    page += 1
    if (page === Math.floor(pages / 2) || page === pages - 1) kept = [...kept, next]
    if (page % pagesPerLine !== 0) continue
    console.log(`${page * pageSize} users walked over`)
    kept = await Promise.all(kept.map(async (cursor) => (await pageOf(site, cursor)) ?? cursor))
  }
  const [middle, end] = kept
  if (middle === undefined || end === undefined) throw new Error(`the walk ended after ${page} pages of ${pages}`)
  return { middle, end }
}

/** Reads a page and gives the cursor of the next. Ids alone are asked for: a cursor is good for any attributes. */
async function pageOf({ client, stage }: Site, cursor: string): Promise<string | undefined> {
  const page = await client.must(read(stage, `count=${pageSize}&attributes=id&cursor=${cursor}`))
  return page.nextCursor
}
