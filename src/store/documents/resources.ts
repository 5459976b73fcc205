/** What all resources have in common, and the resources of custom types. */
import type { Source } from '../../context.ts'
import type { JsonObject, JsonValue } from '../../schema/types.ts'
import type { Scoped } from './scoped.ts'

export interface SourceEntryDocument {
  readonly source: Source
  readonly at: Date
  readonly decision?: string | undefined
}

export interface AttributeSourceDocument extends SourceEntryDocument {
  readonly path: string
  readonly shadowed?: readonly { readonly source: Source; readonly value: JsonValue; readonly at: Date }[] | undefined
}

export interface ExternalIdDocument {
  /** The source that wrote it: each client has its own. */
  readonly client: string
  readonly value: string
  /** Among whose values it must be the only one. */
  readonly unique?: 'client' | 'organization' | undefined
}

/** What every resource document has. */
export interface ResourceDocument extends Scoped {
  readonly _id: string
  readonly version: number
  /** Counts every write, those included that nobody sees: by it two writers notice each other. */
  readonly revision?: number
  readonly created: Date
  readonly lastModified: Date
  /** What is shown, with extension containers under their aliases. */
  readonly resource: JsonObject
  /** The comparison form; filters and sorts look here only. */
  readonly search: Readonly<Record<string, unknown>>
  /** The last entry is the one written last. */
  readonly externalIds: readonly ExternalIdDocument[]
  /** Reservations for values that must be unique. Absent when empty: the unique index is partial. */
  readonly keys?: readonly string[]
  readonly sources: readonly AttributeSourceDocument[]
  /** Version of the comparison form. */
  readonly form: number
  /** Outline of the resource type that it was made by; absent where it was made before there were outlines. */
  readonly outline?: string
}

/** What a resource is shown from: without the parts that serve finding and deciding only. */
export type Showable<Document extends ResourceDocument> = Omit<Document, Unshown>

/** Fields that nothing is shown from. */
export type Unshown = 'search' | 'sources' | 'org' | 'keys' | 'form' | 'outline' | 'revision' | 'provenEmails'

/** Resources of types that are described by documents alone. */
export interface CustomResourceDocument extends ResourceDocument {
  readonly type: string
}
