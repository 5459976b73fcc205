import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { jobEnd } from '../blackbox/jobs.ts'
import { adminToken, startUsher } from '../blackbox/usher.ts'
import { TestProvider } from '../provider/test-provider.ts'
import { blocksOf, readPage } from './blocks.ts'
import { callsWithAnswers } from './calls.ts'
import { modeExamples, playMode } from './mode-examples.ts'
import { difference } from './shows.ts'
import { buildStage, type Stage } from './stage.ts'
import { buildStory } from './story.ts'

const usher = await startUsher()
const provider = await TestProvider.start()
after(() => provider.close())

describe('The examples of docs/jit/modes.md', () => {
  const examples = modeExamples(blocksOf(readPage('docs/jit/modes.md')))

  it('are about every mode, every sync method and every mode of groups', () => {
    const titles = examples.map(({ title }) => title.split(':')[0])
    const wanted = ['on', 'link', 'observe', 'off', 'OVERRIDE_ALL', 'PRESERVE_LOCAL', 'FILL_EMPTY', 'NONE', 'sync']
    assert.deepEqual(
      [...wanted, 'append', 'assign'].filter((name) => !titles.includes(name)),
      [],
    )
  })

  let stage: Stage | null = null
  for (const example of examples) {
    it(`come true: ${example.title}`, async () => {
      stage ??= await buildStage(usher, provider)
      const wrong = await playMode(example, stage)
      await stage.connection.jit(stage.settings)
      if (['created', 'linked', 'updated'].includes(String(example.answer.outcome))) stage = null
      assert.equal(wrong, null)
    })
  }
})

describe('The settings of docs/jit/migrating.md', () => {
  it('can be saved as they stand, without a warning', async () => {
    const stage = await buildStage(usher, provider)
    const examples = blocksOf(readPage('docs/jit/migrating.md')).filter(({ language }) => language === 'json')
    assert.ok(examples.length >= 5)
    for (const { heading, text } of examples) {
      const { warnings } = await stage.connection.jit(JSON.parse(text))
      assert.deepEqual(warnings, [], heading)
    }
  })
})

describe('The questions of docs/jit/questions.md', () => {
  it('are answered as the page says', async () => {
    const page = readPage('docs/jit/questions.md')
    const stage = await buildStory(usher, provider)
    const ask = async (method: string, path: string, body: unknown) => {
      if (path.includes('/jobs/')) return jobEnd(usher, path.split('/').at(-1) ?? '')
      return (await usher.call(method, path, { token: adminToken, body })).body
    }
    const wrong: string[] = []
    const calls = callsWithAnswers(blocksOf(page))
    for (const { heading, method, path, body, answer } of calls) {
      const real = stage.real(path).replace('…', `/api/v1/organizations/${stage.slug}`).replace('{org}', stage.slug)
      const given = await ask(method, encodeURI(real), body && JSON.parse(stage.real(body)))
      if (given.job) stage.names.set('{job}', given.job)
      const found = difference(answer, JSON.parse(stage.told(JSON.stringify(given))))
      if (found !== null) wrong.push(`${heading} ${found}`)
    }
    assert.deepEqual(wrong, [])
    const asked = [...page.matchAll(/^### (.+)$/gm)].map(([, question]) => question)
    assert.deepEqual([...new Set(calls.map(({ heading }) => heading))], asked)
  })
})
