/** Which of two mappings takes in everything that the other does. Says so only where it is certain. */
import type { MappingRule, SelectorKind } from '../grant-rules.ts'
import { matchesPattern } from '../pattern.ts'
import { type PatternTree, parsePattern, patternBody } from '../pattern-tree.ts'

/** What a mapping takes in, put as plainly as possible: a pattern that only one text matches is a value. */
interface Intake {
  readonly by: SelectorKind
  readonly text: string
  /** How everything begins that it takes in. */
  readonly beginning: string
}

/**
 * Whether `broad` takes in every value that `narrow` does and gives the same for it. Of two that say the same, the one
 * that comes first covers the other.
 */
export function covers(broad: MappingRule, narrow: MappingRule, isEarlier: boolean): boolean {
  if (broad.target !== narrow.target || (narrow.allowPrivileged && !broad.allowPrivileged)) return false
  const [wide, slim] = [intakeOf(broad), intakeOf(narrow)]
  if (wide === null || slim === null) return false
  if (wide.by === slim.by && wide.text === slim.text) {
    return isEarlier || (broad.allowPrivileged && !narrow.allowPrivileged)
  }
  if (wide.by === 'prefix') return slim.beginning.startsWith(wide.text)
  return wide.by === 'pattern' && slim.by === 'value' && matchesPattern(wide.text, slim.text)
}

/** Null for a pattern that cannot be used: it takes in nothing. */
function intakeOf({ by, text }: MappingRule): Intake | null {
  if (by !== 'pattern') return { by, text, beginning: text }
  const parsed = parsePattern(text)
  if ('problem' in parsed) return null
  const beginning = beginningOf(parsed.tree)
  return beginning.isAll
    ? { by: 'value', text: beginning.text, beginning: beginning.text }
    : { by, text: patternBody(text), beginning: beginning.text }
}

/** The characters with which every match begins, and whether these are all of it. */
function beginningOf(tree: PatternTree): { readonly text: string; readonly isAll: boolean } {
  switch (tree.kind) {
    case 'test':
      return { text: tree.literal ?? '', isAll: tree.literal !== undefined }
    case 'choice':
      return { text: '', isAll: false }
    case 'repeat':
      return { text: tree.min === 0 ? '' : beginningOf(tree.part).text, isAll: false }
    case 'sequence': {
      let text = ''
      for (const part of tree.parts) {
        const beginning = beginningOf(part)
        text += beginning.text
        if (!beginning.isAll) return { text, isAll: false }
      }
      return { text, isAll: true }
    }
  }
}
