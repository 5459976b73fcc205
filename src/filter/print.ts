import type { FilterNode } from './types.ts'

/** Writes a tree in the grammar of RFC 7644 Figure 1, so that reading the text gives the same tree again. */
export function printFilter(node: FilterNode): string {
  switch (node.kind) {
    case 'and':
    case 'or':
      return node.terms.map((term) => printTerm(term, node.kind)).join(` ${node.kind} `)
    case 'not':
      return `not (${printFilter(node.term)})`
    case 'present':
      return `${node.path} pr`
    case 'compare':
      return `${node.path} ${node.operator} ${JSON.stringify(node.value)}`
    case 'valuePath': {
      const brackets = `${node.path}[${printFilter(node.filter)}]`
      return node.rest === undefined ? brackets : `${brackets}.${printFilter(node.rest.condition)}`
    }
  }
}

/** A nested chain needs parentheses, unless it is an `and` within an `or`: that is how they bind anyway. */
function printTerm(term: FilterNode, parent: 'and' | 'or'): string {
  const needsParentheses = term.kind === 'or' || (term.kind === 'and' && parent === 'and')
  return needsParentheses ? `(${printFilter(term)})` : printFilter(term)
}
