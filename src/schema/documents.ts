import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsherError } from '../errors.ts'
import { readDocument } from './document-shape.ts'
import { Problems } from './problems.ts'
import { createRegistry, type SchemaDocuments, type SchemaRegistry } from './registry.ts'
import type { ResourceTypeDocument, SchemaDocument } from './types.ts'

/** The folder of the documents that come with the program. */
export const builtInDocuments: string = fileURLToPath(new URL('../../schemas/', import.meta.url))

/**
 * Reads every `*.json` of the folders: each is one Schema or ResourceType resource (RFC 7643 sections 6 and 7).
 * The order is that of the folders, then of the file names.
 *
 * @throws UsherError `validation_failed` with every problem of every file; each sentence names the file
 */
export function readDocuments(directories: readonly string[]): SchemaDocuments {
  const problems = new Problems()
  const schemas: SchemaDocument[] = []
  const resourceTypes: ResourceTypeDocument[] = []
  for (const file of directories.flatMap(filesOf)) {
    const document = problems.collect(() => readDocument(parse(file), file))
    if (document?.kind === 'schema') schemas.push(document.schema)
    if (document?.kind === 'resourceType') resourceTypes.push(document.resourceType)
  }
  problems.refuse()
  return { schemas, resourceTypes }
}

/**
 * The registry of the documents that come with the program, and of those in the operator's folder.
 * @throws UsherError `validation_failed` with everything that is wrong with them
 */
export function loadRegistry(directory: string | undefined): SchemaRegistry {
  return createRegistry(readDocuments([builtInDocuments, ...(directory === undefined ? [] : [directory])]))
}

function filesOf(directory: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith('.json'))
    return names.sort().map((name) => join(directory, name))
  } catch (cause) {
    throw new UsherError('validation_failed', `The folder "${directory}" cannot be read.`, { cause })
  }
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw new UsherError('validation_failed', `"${file}" is not a JSON document.`, { cause })
  }
}
