/**
 * How fast Usher is: each operation against the floor of the same run, or what is asked for by name.
 *
 * npm run bench -- [--users N] [--members N] [--large N] [--seconds S] [--in-flight N,N…] [--only TEXT] [--json FILE]
 *                  [--profile DIR]
 * npm run bench -- --day [--start] [--workers N,N…] [--users N] [--large N] [--seconds S] [--in-flight N] [--json FILE]
 *                  [--profile DIR]
 *
 * `node FLAGS bench/main.ts` gives Usher these flags of Node, and the floor none.
 */
import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { measureAgainstFloor } from './against-floor.ts'
import { withDatabase, withFolder } from './database.ts'
import { measureDay } from './day.ts'
import { showDay } from './day-report.ts'
import { readOptions } from './options.ts'
import { showReport } from './report.ts'
import { measureStarts, showStarts } from './starts.ts'
import { measureWorkers, showWorkers } from './workers.ts'

const options = readOptions(process.argv.slice(2))
const { day, start, workers, json } = options
const inFlight = Math.max(...options.inFlight)
let measured: object = {}

if (start) {
  const starts = await withFolder(measureStarts)
  show(showStarts(starts))
  measured = { ...measured, starts }
}
if (workers.length > 0) {
  const figures = await withDatabase((database) => measureWorkers(database, { ...options, inFlight }))
  show(showWorkers(figures))
  measured = { ...measured, workers: figures }
}
if (day) {
  const figures = await withDatabase((database) => measureDay(database, { ...options, inFlight }))
  show(showDay(figures))
  const errors = [figures.most, figures.half].flatMap((stretch) => Object.keys(stretch.errors))
  if (errors.length > 0) process.exitCode = 1
  measured = { ...measured, day: figures }
}
if (!start && !day && workers.length === 0) {
  const figures = await withDatabase((database) => measureAgainstFloor(database, options))
  show(showReport(figures))
  const { rate, cpu } = figures.express
  console.log(`Express alone, a fixed answer: ${rate.toFixed(0)}/s, ${cpu.toFixed(2)} ms CPU each`)
  if (figures.losses.some(({ asked, kept }) => kept !== asked)) process.exitCode = 1
  measured = figures
}
if (json !== undefined) {
  const processors = cpus().map(({ model }) => model)
  const machine = { processors, cores: availableParallelism(), memory: totalmem(), node: process.version }
  await writeFile(json, `${JSON.stringify({ options, machine, ...measured }, null, 2)}\n`)
}

function show(text: string): void {
  console.log(`\n${text}\n`)
}
