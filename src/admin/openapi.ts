/** The OpenAPI 3.1 document of the admin API, made from the routes: what is mounted is what is described. */
import { z } from 'zod'
import { errorCatalogue } from '../errors.ts'
import { linesType } from './lines.ts'
import type { Access, LinesBody, Route } from './route.ts'
import { adminRoutes } from './routes.ts'

/** RFC 9457. */
const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})

type Json = Readonly<Record<string, unknown>>

const scopesOf: Readonly<Record<Access, string>> = {
  operator: "the operator's token",
  privileged: "the operator's token, or a key with the scope admin:privileged",
  admin: 'a key with the scope admin',
  logins: 'a key with the scope logins or admin',
  read: 'a key with the scope read or admin',
}

/** Paths are below the server's URL, which ends with `/api/v1`. */
export function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {
    '/openapi.json': {
      get: {
        operationId: 'getOpenapi',
        summary: 'This document',
        security: [],
        responses: { 200: { description: 'OK', content: json({ type: 'object' }) } },
      },
    },
  }
  for (const route of adminRoutes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Usher admin API',
      version: '1',
      description: 'Organizations, their connections and what logins did. People and groups are managed by SCIM.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: problemSchema() },
      responses: { Problem: { description: 'A problem (RFC 9457)', content: problemContent } },
    },
  }
}

const problemContent = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }

/** One JSON value a line; OpenAPI has no word for the form of each. */
const asLines = { [linesType]: { schema: { type: 'string' } } }

/** The form of each line is told in words, and by the schema of what a line is. */
function linesOf({ line, most }: LinesBody): Json {
  const description = `Lines of JSON, at most ${most}, each of which is what the schema of the content says.`
  const schema = { type: 'string', description, contentMediaType: 'application/json' }
  return { [linesType]: { schema: { ...schema, contentSchema: schemaOf(line, 'input') } } }
}

function operationOf(route: Route): Json {
  const { lines } = route
  const successes = Object.entries(route.answers).map(([status, schema]): [string, Json] => [
    status,
    {
      description: status === '204' ? 'Done' : 'OK',
      ...(schema === null
        ? {}
        : { content: { ...json(schemaOf(schema, 'output')), ...(lines === true ? asLines : {}) } }),
    },
  ])
  return {
    operationId: operationId(route),
    summary: route.summary,
    description: [route.description, `Needs ${scopesOf[route.access]}.`].filter(Boolean).join(' '),
    parameters: [
      ...pathParameters(route),
      ...queryParameters(route.query),
      ...queryParameters(route.bodyLines?.query, `With \`${linesType}\`.`),
    ],
    ...(route.body === undefined ? {} : { requestBody: bodyOf(route, route.body) }),
    responses: { ...Object.fromEntries(successes), default: { $ref: '#/components/responses/Problem' } },
  }
}

function bodyOf({ bodyOptional, bodyLines }: Route, body: z.ZodType): Json {
  const content = { ...json(schemaOf(body, 'input')), ...(bodyLines === undefined ? {} : linesOf(bodyLines)) }
  return { required: bodyOptional !== true, content }
}

/** `getOrganizationsByOrgDomains` */
function operationId({ method, path }: Route): string {
  const words = path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('{') ? `by-${part.slice(1, -1)}` : part))
  return (
    method +
    words
      .flatMap((word) => word.split('-'))
      .map(capitalise)
      .join('')
  )
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function pathParameters({ path }: Route): readonly Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters(query: z.ZodType | undefined, when?: string): readonly Json[] {
  if (query === undefined) return []
  const { properties = {} } = schemaOf(query, 'input') as { properties?: Readonly<Record<string, Json>> }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description === undefined ? {} : { description: [when, description].filter(Boolean).join(' ') }),
    schema,
  }))
}

function problemSchema(): Json {
  const schema = schemaOf(problem, 'output') as { properties: Readonly<Record<string, Json>> }
  return {
    ...schema,
    properties: { ...schema.properties, code: { type: 'string', enum: Object.keys(errorCatalogue) } },
  }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' })
  return rest
}

function json(schema: Json): Json {
  return { 'application/json': { schema } }
}
