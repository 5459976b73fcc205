/** The pages under docs/ as tests read them. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export function readPage(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8')
}

/** A fenced block of a page and the heading that it stands under. */
export interface Block {
  readonly heading: string
  /** `json`, or empty. */
  readonly language: string
  readonly text: string
}

export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = []
  let heading = ''
  for (const [, title, language = '', text = ''] of page.matchAll(/^#+ (.+)$|^```(\w*)\n([\s\S]*?)^```$/gm)) {
    if (title === undefined) blocks.push({ heading, language, text })
    else heading = title
  }
  return blocks
}
