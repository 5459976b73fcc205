import { UsherError } from '../errors.ts'
import { FractionForm } from '../schema/fraction-form.ts'
import type { Workspace } from './workspace.ts'

const prefix = 'bulkId:'

/** Replaces `bulkId:…` by the id that an earlier operation of the same list was given (RFC 7644 section 3.7.2). */
export function resolveReferences(data: unknown, workspace: Workspace): unknown {
  return workspace.named.size === 0 ? data : replaced(data, workspace)
}

/** An id in a path, or the one that a bulkId stands for. */
export function resolveId(id: string, workspace: Workspace): string {
  return id.startsWith(prefix) ? idOf(id, workspace) : id
}

function replaced(value: unknown, workspace: Workspace): unknown {
  if (typeof value === 'string') return value.startsWith(prefix) ? idOf(value, workspace) : value
  if (Array.isArray(value)) return value.map((element) => replaced(element, workspace))
  if (typeof value !== 'object' || value === null || value instanceof FractionForm) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, replaced(member, workspace)]))
}

function idOf(reference: string, workspace: Workspace): string {
  const id = workspace.named.get(reference.slice(prefix.length))
  if (id === undefined)
    throw new UsherError('invalid_value', `The reference "${reference.slice(0, 100)}" names nothing.`)
  return id
}
