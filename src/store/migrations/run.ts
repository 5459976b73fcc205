/**
 * Runs migrations: one process at a time by a lease, the others wait. How far one has come is noted after each step, so
 * that the next start goes on where a process was killed.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '../../http/log.ts'
import type { MigrationDocument } from '../documents.ts'
import { holdLease, type Renew } from '../leases.ts'
import { NewerSchemaError } from '../schema-version.ts'
import type { Store } from '../store.ts'
import { addStep, countsInWords, emptyReport, type Migration, type MigrationReport } from './migration.ts'

export interface MigrationRun {
  readonly store: Store
  readonly migrations: readonly Migration[]
  readonly log: Logger
  readonly now: () => Date
  /** Ends the run between two steps; the next one goes on there. */
  readonly stop?: AbortSignal
}

/** The process was asked to end before it was done. */
export class MigrationStoppedError extends Error {
  constructor() {
    super('The migration was stopped. The next start goes on with it.')
    this.name = 'MigrationStoppedError'
  }
}

/** Milliseconds between two looks whether another process is done. */
const look = 500
/** Milliseconds between two lines of progress. */
const progressInterval = 5_000
/**
 * Milliseconds after which everything is looked at once more: processes of the earlier release may have written in their
 * form until they were replaced.
 */
const secondLook = 3_600_000
/** Milliseconds until what could not be brought up to date is tried again. */
const refusedLook = 86_400_000

/** Migrations that have something to do. Costs one read each. @throws NewerSchemaError */
export async function pendingMigrations({
  store,
  migrations,
}: Pick<MigrationRun, 'store' | 'migrations'>): Promise<readonly Migration[]> {
  const notes = await store.migrations.find({ _id: { $in: migrations.map(({ name }) => name) } })
  const noteOf = (name: string) => notes.find(({ _id }) => _id === name) ?? null
  for (const { name, version } of migrations) {
    const found = noteOf(name)?.version ?? 0
    if (found > version) throw new NewerSchemaError(found, version, name)
  }
  return migrations.filter((migration) => !isDone(noteOf(migration.name), migration))
}

/**
 * Does what there is to do, or waits until another process has done it. Gives what this process has done.
 * @throws NewerSchemaError; MigrationStoppedError; UsherError `unavailable`
 */
export async function migrate(run: MigrationRun): Promise<readonly MigrationReport[]> {
  const reports: MigrationReport[] = []
  for (let waiting = false; ; ) {
    const [migration] = await pendingMigrations(run)
    if (migration === undefined) return reports
    const mine = await holdLease(run, leaseOf(migration), run.now, async (renew) => {
      const report = await complete(run, migration, renew)
      if (report !== null) reports.push(report)
    })
    if (mine) continue
    if (!waiting) run.log.info(`Migration ${migration.name}: another process is at it. Waiting.`)
    waiting = true
    await sleep(look)
    refuseToGoOn(run)
  }
}

/** What there is to do, counted document by document; writes nothing. */
export async function rehearse({ migrations }: Pick<MigrationRun, 'migrations'>): Promise<readonly MigrationReport[]> {
  const reports: MigrationReport[] = []
  for (const migration of migrations) {
    let report = emptyReport(migration)
    for (let place: string | null = null; ; ) {
      const step = await migration.step(place, false)
      report = addStep(report, step)
      place = step.next
      if (place === null) break
    }
    reports.push(report)
  }
  return reports
}

/** Looks again at what is due for it, while requests are served. One process does so, the others find nothing. */
export async function lookAgain(run: MigrationRun): Promise<void> {
  for (const migration of run.migrations) {
    const due = { _id: migration.name, state: 'done', version: migration.version, basis: migration.basis }
    const isDue = async () => (await run.store.migrations.findOne({ ...due, again: { $lte: run.now() } })) !== null
    if (!(await isDue())) continue
    await holdLease(run, leaseOf(migration), run.now, async (renew) => {
      if (!(await isDue())) return
      let report = emptyReport(migration)
      for (let place: string | null = null; ; ) {
        // Whoever ends it in the middle leaves it due.
        if (run.stop?.aborted === true || !(await renew())) return
        const step = await migration.step(place, true)
        report = addStep(report, step)
        place = step.next
        if (place === null) break
      }
      say(run, report)
      const again = report.refusals === 0 ? { $unset: { again: '' } } : { $set: { again: later(run, refusedLook) } }
      await run.store.migrations.updateOne(due, again)
    })
  }
}

function isDone(note: MigrationDocument | null, { version, basis }: Migration): boolean {
  return note !== null && note.state === 'done' && note.version === version && note.basis === basis
}

/** Null when another process was quicker, or has taken over. */
async function complete(run: MigrationRun, migration: Migration, renew: Renew): Promise<MigrationReport | null> {
  const note = await run.store.migrations.findOne({ _id: migration.name })
  if (isDone(note, migration)) return null
  const resumed = note?.version === migration.version && note.basis === migration.basis ? note : null
  let place = resumed?.place ?? null
  let report: MigrationReport = {
    ...emptyReport(migration),
    looked: resumed?.looked ?? 0,
    changed: resumed?.changed ?? {},
    refusals: resumed?.refused ?? 0,
  }
  const id = randomUUID()
  const begin = { _id: migration.name, version: migration.version, basis: migration.basis, run: id }
  const size = await migration.size()
  await run.store.migrations.put(migration.name, {
    ...begin,
    at: run.now(),
    state: 'running',
    ...progressOf(report, place),
  })
  if (size > 0)
    run.log.info(`Migration ${migration.name}: ${place === null ? 'begins' : 'goes on'}. ${share(report, size)}`)
  for (let said = performance.now(); ; ) {
    refuseToGoOn(run)
    if (!(await renew())) return null
    const step = await migration.step(place, true)
    report = addStep(report, step)
    place = step.next
    const end = place === null ? { state: 'done', at: run.now(), again: later(run, secondLook) } : { state: 'running' }
    const mine = { _id: migration.name, run: id }
    if (!(await run.store.migrations.updateOne(mine, { $set: { ...progressOf(report, place), ...end } }))) return null
    if (place === null) break
    if (performance.now() - said > progressInterval) {
      run.log.info(`Migration ${migration.name}: ${share(report, size)}`)
      said = performance.now()
    }
  }
  if (size > 0) say(run, report)
  return report
}

function progressOf({ looked, changed, refusals }: MigrationReport, place: string | null) {
  return { place, looked, changed, refused: refusals }
}

function share({ looked }: MigrationReport, size: number): string {
  return `${looked} of about ${size} documents.`
}

function say({ log }: MigrationRun, { name, looked, changed, refused, refusals }: MigrationReport): void {
  log.info(`Migration ${name}: done. Of ${looked} documents it changed ${countsInWords(changed)}.`)
  for (const { organization, kind, id, reason } of refused) {
    log.warn(`Migration ${name}: ${kind} ${id} stays as it is: ${reason}`, { organization })
  }
  if (refusals > refused.length) log.warn(`Migration ${name}: ${refusals} documents stay as they are.`)
}

function refuseToGoOn({ stop }: MigrationRun): void {
  if (stop?.aborted === true) throw new MigrationStoppedError()
}

function leaseOf({ name }: Migration): string {
  return `migration:${name}`
}

function later({ now }: MigrationRun, milliseconds: number): Date {
  return new Date(now().getTime() + milliseconds)
}
