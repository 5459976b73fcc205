/** The calls that pages under docs/ show: in a block of their own, the answer in the next one. */
import type { Block } from './blocks.ts'

export interface ShownCall {
  readonly heading: string
  readonly method: string
  /** As the page says it, `…` included. */
  readonly path: string
  readonly body: string | undefined
  readonly answer: unknown
}

export function callsWithAnswers(blocks: readonly Block[]): readonly ShownCall[] {
  return blocks.flatMap(({ heading, language, text }, index) => {
    const [, method, path, body] = /^(GET|POST|PUT|PATCH|DELETE) (.+)\n([\s\S]*)$/.exec(text) ?? []
    const next = blocks[index + 1]
    if (language !== '' || method === undefined || path === undefined || next?.language !== 'json') return []
    return [{ heading, method, path, body: body || undefined, answer: JSON.parse(next.text) }]
  })
}
