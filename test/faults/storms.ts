/**
 * Usher under load while something is wrong: with its database, with its identity provider, with the processes, the disk
 * or the clock. `npm run test:faults` runs all of it and prints the figures at the end; it takes a few minutes.
 * `npm run test:faults -- disk` runs what has this word in its title.
 */
import { test } from 'node:test'
import { TestProvider } from '../provider/test-provider.ts'
import { type Figure, showFigures } from './storm.ts'
import { clockStorms } from './storms/clock.ts'
import { diskStorms } from './storms/disk.ts'
import { networkStorms } from './storms/network.ts'
import { processStorms } from './storms/processes.ts'
import { providerStorms } from './storms/provider.ts'

// What has been started is ended on the way out.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const [, , word = ''] = process.argv
const chapters = [processStorms, networkStorms, providerStorms, diskStorms, clockStorms]
const figures: Figure[] = []
const begun = performance.now()
const provider = await TestProvider.start()

for (const { title, run } of chapters.filter((chapter) => chapter.title.includes(word))) {
  await test(title, (t) => run(t, { provider, note: (figure) => figures.push(figure) }))
}

await provider.close()
const minutes = ((performance.now() - begun) / 60_000).toFixed(1)
console.log(`\n${showFigures(figures)}\n\n${figures.length} faults in ${minutes} minutes`)
