/** A route of the admin API: what it takes, who may call it, what it answers; the OpenAPI document is made of the same. */
import type { z } from 'zod'
import type { CallerContext, RequestContext } from '../context.ts'
import type { Authenticated } from '../organizations/types.ts'
import type { AdminDependencies } from './dependencies.ts'

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

/**
 * Who may call a route. `operator`: nobody else; `privileged`: also a key with `admin:privileged`;
 * `admin`, `logins`, `read`: keys with that scope, and with `admin`, which covers both others.
 */
export type Access = 'operator' | 'privileged' | 'admin' | 'logins' | 'read'

/** The headers that a handler may look at. */
export interface Preconditions {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}

export interface Call<Body, Query> {
  /** By the names in the path. */
  readonly parameters: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
  readonly preconditions: Preconditions
  /** Whether the caller takes lines of JSON rather than one document; only where the route offers them. */
  readonly wantsLines: boolean
}

/** A call of a route without `{org}` in its path. */
export interface GlobalCall<Body, Query> extends Call<Body, Query> {
  readonly caller: CallerContext & { readonly principal: Authenticated['principal'] }
}

/** A call of a route of an organization, which exists and is the caller's. */
export interface OrganizationCall<Body, Query> extends Call<Body, Query> {
  readonly context: RequestContext
}

export interface Answer {
  readonly status: number
  /** Undefined: no body. */
  readonly body?: unknown
  /** In place of a body: values that are sent as lines of JSON, as they come. */
  readonly lines?: AsyncIterable<readonly unknown[]>
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A body that may also come as lines of JSON (`application/x-ndjson`): each line is an element of the list in it, and the
 * rest of it is the query.
 */
export interface LinesBody {
  readonly line: z.ZodType
  /** Lines at most. */
  readonly most: number
  readonly query: z.ZodType
  /** The body that lines and query stand for; it is checked like every other. */
  readonly bodyOf: (lines: readonly unknown[], query: Readonly<Record<string, unknown>>) => unknown
}

interface Description<Body extends z.ZodType, Query extends z.ZodType> {
  readonly method: Method
  /** Below `/api/v1`, with parameters as `{name}`. */
  readonly path: string
  readonly access: Access
  readonly summary: string
  /** What is worth saying beyond the summary. */
  readonly description?: string
  readonly body?: Body
  /** The body may be missing. */
  readonly bodyOptional?: boolean
  readonly bodyLines?: LinesBody
  readonly query?: Query
  /** Whether the caller may have the items as lines (`application/x-ndjson`). */
  readonly lines?: true
  /** Of every successful answer; null where it has no body. */
  readonly answers: Readonly<Record<number, z.ZodType | null>>
}

type Handler<Call> = (dependencies: AdminDependencies, call: Call) => Promise<Answer>

/** A route as the router and the document see it. */
export type Route = Description<z.ZodType, z.ZodType> &
  (
    | { readonly of: 'organization'; readonly handle: Handler<OrganizationCall<unknown, unknown>> }
    | { readonly of: 'service'; readonly handle: Handler<GlobalCall<unknown, unknown>> }
  )

/** A route of an organization; body and query reach the handler as their schemas leave them. */
export function organizationRoute<Body extends z.ZodType, Query extends z.ZodType>(
  description: Description<Body, Query>,
  handle: Handler<OrganizationCall<z.output<Body>, z.output<Query>>>,
): Route {
  return { ...description, of: 'organization', handle: handle as Handler<OrganizationCall<unknown, unknown>> }
}

/** A route without an organization in its path. */
export function serviceRoute<Body extends z.ZodType, Query extends z.ZodType>(
  description: Description<Body, Query>,
  handle: Handler<GlobalCall<z.output<Body>, z.output<Query>>>,
): Route {
  return { ...description, of: 'service', handle: handle as Handler<GlobalCall<unknown, unknown>> }
}

/** The value of a parameter that the path of the route has. */
export function parameter(call: Pick<Call<unknown, unknown>, 'parameters'>, name: string): string {
  const value = call.parameters[name]
  if (value === undefined) throw new TypeError(`the path of the route has no {${name}}`)
  return value
}
