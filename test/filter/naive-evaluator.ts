import type { FilterLiteral, FilterNode } from '../../src/filter/types.ts'
import type { Resource } from '../../src/schema/types.ts'
import { extension } from './directory.ts'

/**
 * RFC 7644 section 3.4.2.2 once more, straight from its words and without any code of the filters: it looks at the
 * resource as it is, knows the attributes of `directory.ts` by name only, and is as slow as it likes.
 */

const exact = new Set(['code', 'blob', 'link', 'manager.value'])
const dated = new Set(['when', 'dates', 'emails.since'])
const many = new Set(['tags', 'numbers', 'dates', 'emails', 'badges', 'name.aliases', 'emails.labels'])

type Plain = { readonly [name: string]: unknown }

export function evaluate(node: FilterNode, resource: Resource): boolean {
  switch (node.kind) {
    case 'and':
      return node.terms.every((term) => evaluate(term, resource))
    case 'or':
      return node.terms.some((term) => evaluate(term, resource))
    case 'not':
      return !evaluate(node.term, resource)
    case 'present':
      return valuesAt(resource, node.path).length > 0
    case 'compare': {
      // `emails eq null` asks whether there is an e-mail at all
      const path = node.value === null ? canonical(node.path) : withValue(canonical(node.path))
      const plural = many.has(path) || many.has(path.split('.')[0]!)
      return compare(path, plural, valuesAt(resource, path), node.operator, node.value)
    }
    case 'valuePath': {
      const elements = valuesAt(resource, node.path) as readonly Plain[]
      return elements.some(
        (element) =>
          evaluateElement(node.filter, element, canonical(node.path)) &&
          (node.rest === undefined || evaluateElement(node.rest.condition, element, canonical(node.path))),
      )
    }
  }
}

function evaluateElement(node: FilterNode, element: Plain, parent: string): boolean {
  switch (node.kind) {
    case 'and':
      return node.terms.every((term) => evaluateElement(term, element, parent))
    case 'or':
      return node.terms.some((term) => evaluateElement(term, element, parent))
    case 'not':
      return !evaluateElement(node.term, element, parent)
    case 'valuePath':
      throw new Error('not in brackets')
    default: {
      const name = node.path === 'Type' ? 'type' : node.path
      const path = `${parent}.${name}`
      const values = opened(element[name])
      if (node.kind === 'present') return values.length > 0
      return compare(path, many.has(path), values, node.operator, node.value)
    }
  }
}

function canonical(path: string): string {
  const short = path.toLowerCase().startsWith(extension.toLowerCase()) ? path.slice(extension.length + 1) : path
  if (short === 'USERNAME') return 'userName'
  return short === 'Manager.Level' ? 'manager.level' : short
}

/** `emails eq …` is `emails.value eq …`. */
function withValue(path: string): string {
  return path === 'emails' || path === 'badges' ? `${path}.value` : path
}

function valuesAt(resource: Resource, written: string): readonly unknown[] {
  const more = (resource[extension] ?? {}) as Plain
  const path = canonical(written)
  if (path === '') return Object.values(more)
  const [first, second] = path.split('.') as [string, string | undefined]
  const whole = ['department', 'manager', 'badges'].includes(first) ? more[first] : resource[first]
  if (second === undefined) return opened(whole)
  return opened(whole).flatMap((part) => opened((part as Plain)[second]))
}

function opened(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

function compare(
  path: string,
  plural: boolean,
  values: readonly unknown[],
  operator: string,
  literal: FilterLiteral,
): boolean {
  if (literal === null) return (values.length === 0) === (operator === 'eq')
  const wanted = literal === 'True' ? true : literal
  const equal = (value: unknown) => order(path, value, wanted) === 0
  if (operator === 'ne') return plural ? values.some((value) => !equal(value)) : !values.some(equal)
  return values.some((value) => {
    const [left, right] = [folded(path, value, true), folded(path, wanted, false)]
    if (operator === 'co') return left.indexOf(right) >= 0
    if (operator === 'sw') return left.slice(0, right.length) === right
    if (operator === 'ew') return right === '' || left.slice(-right.length) === right
    const difference = order(path, value, wanted)
    if (operator === 'eq') return difference === 0
    if (operator === 'gt') return difference > 0
    if (operator === 'ge') return difference >= 0
    return operator === 'lt' ? difference < 0 : difference <= 0
  })
}

function order(path: string, left: unknown, right: unknown): number {
  if (dated.has(path)) return moment(left) - moment(right)
  if (typeof left !== 'string') return Number(left) - Number(right)
  return Buffer.compare(Buffer.from(folded(path, left, true)), Buffer.from(folded(path, right, true)))
}

function moment(text: unknown): number {
  const written = String(text)
  return new Date(/Z$|[+-]\d\d:\d\d$/.test(written) ? written : `${written}Z`).getTime()
}

function folded(path: string, value: unknown, whole: boolean): string {
  const text = String(value)
  if (exact.has(path)) return text
  const lower = text.normalize('NFKC').toLowerCase().normalize('NFKC')
  return whole && path === 'userName' ? lower.trim() : lower
}
