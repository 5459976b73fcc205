import { quote, syntaxError } from './reading.ts'

/**
 * Refuses a body in which any object has a member that could be taken for an object's prototype. No such name is ever
 * an attribute, so a body that has one is an attack or a mistake; nothing of it is used.
 * Walks with a list instead of recursion: the depth of a body is the client's choice.
 *
 * @throws UsherError `invalid_syntax`
 */
export function refuseForbiddenKeys(body: unknown): void {
  if (!isContainer(body)) return
  const open: object[] = [body]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (Array.isArray(value)) {
      for (const element of value as readonly unknown[]) if (isContainer(element)) open.push(element)
      continue
    }
    for (const key of Object.keys(value)) {
      if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
        throw syntaxError(`The body must not have a member named ${quote(key)}.`)
      }
      const member = (value as Readonly<Record<string, unknown>>)[key]
      if (isContainer(member)) open.push(member)
    }
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
