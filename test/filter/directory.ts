import fc from 'fast-check'
import { createRegistry } from '../../src/schema/registry.ts'
import type { AttributeDefinition, AttributeType, JsonValue, Resource } from '../../src/schema/types.ts'

/** A resource type with every combination of type, plurality and nesting, and random resources of it. */

const schema = 'urn:example:schemas:agreement:1.0:Thing'
export const extension = 'urn:example:schemas:more:1.0:Thing'

function attribute(name: string, type: AttributeType, rest: Partial<AttributeDefinition> = {}): AttributeDefinition {
  return {
    name,
    type,
    multiValued: false,
    description: name,
    required: false,
    mutability: 'readWrite',
    returned: 'default',
    ...rest,
  }
}

const emails = attribute('emails', 'complex', {
  multiValued: true,
  subAttributes: [
    attribute('value', 'string'),
    attribute('type', 'string'),
    attribute('primary', 'boolean'),
    attribute('since', 'dateTime'),
    attribute('labels', 'string', { multiValued: true }),
  ],
})

const name = attribute('name', 'complex', {
  subAttributes: [attribute('givenName', 'string'), attribute('aliases', 'string', { multiValued: true })],
})

export const thing = createRegistry({
  schemas: [
    {
      id: schema,
      name: 'Thing',
      attributes: [
        attribute('userName', 'string'),
        attribute('code', 'string', { caseExact: true }),
        attribute('count', 'integer'),
        attribute('ratio', 'decimal'),
        attribute('active', 'boolean'),
        attribute('when', 'dateTime'),
        attribute('blob', 'binary'),
        attribute('link', 'reference'),
        attribute('tags', 'string', { multiValued: true }),
        attribute('numbers', 'integer', { multiValued: true }),
        attribute('dates', 'dateTime', { multiValued: true }),
        name,
        emails,
      ],
    },
    {
      id: extension,
      name: 'More',
      attributes: [
        attribute('department', 'string'),
        attribute('manager', 'complex', {
          subAttributes: [attribute('value', 'string', { caseExact: true }), attribute('level', 'integer')],
        }),
        attribute('badges', 'complex', {
          multiValued: true,
          subAttributes: [attribute('value', 'integer'), attribute('type', 'string')],
        }),
      ],
    },
  ],
  resourceTypes: [
    { name: 'Thing', endpoint: '/Things', schema, schemaExtensions: [{ schema: extension, required: false }] },
  ],
}).resourceType('Thing')

export const texts = [
  ...['a', 'A', 'ab', 'aB', 'b', 'ba', 'work', 'WORK', 'a@x.example', 'B@X.example', 'a@b@x.example', '@', 'x.example'],
  ...['a.b', 'axb', '.*', 'a+', '(', '\\', '$', '^', '[', 'a\n', 'a\nb', 'x\0y', ' a', 'a '],
  ...[
    'straße',
    'STRASSE',
    'É',
    'e\u0301',
    '\u212a',
    'k',
    'ﬁ',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '😀',
    '😀a',
    '\u{10ffff}',
    '\u{10ffff}a',
  ],
]
export const numbers = [-2, -0.5, 0, 1, 1.5, 2, 3, 1e21]
export const dates = [
  '2011-05-13T04:42:34+02:00',
  '2011-05-13T02:42:34Z',
  '2011-05-13T02:42:34.5Z',
  '2012-02-29T00:00:00Z',
  '1969-12-31T23:59:59',
]

const text = fc.constantFrom(...texts)
const number = fc.constantFrom(...numbers)
const integer = fc.constantFrom(...numbers.filter(Number.isInteger))
const date = fc.constantFrom(...dates)

function list(value: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonValue> {
  return fc.array(value, { minLength: 1, maxLength: 3 })
}

/** An object in which each member may be missing; unassigned rather than empty. */
function partial(members: Record<string, fc.Arbitrary<JsonValue>>): fc.Arbitrary<JsonValue> {
  return fc.record(members, { requiredKeys: [] }).filter((value) => Object.keys(value).length > 0)
}

export const resources: fc.Arbitrary<Resource> = fc.record(
  {
    userName: text,
    code: text,
    count: integer,
    ratio: number,
    active: fc.boolean(),
    when: date,
    blob: fc.constantFrom('YQ==', 'YWI=', 'yq=='),
    link: fc.constantFrom('https://x.example/a', 'https://X.example/a', '../Things/1'),
    tags: list(text),
    numbers: list(integer),
    dates: list(date),
    name: partial({ givenName: text, aliases: list(text) }),
    emails: list(partial({ value: text, type: text, primary: fc.boolean(), since: date, labels: list(text) })),
    [extension]: partial({
      department: text,
      manager: partial({ value: text, level: integer }),
      badges: list(partial({ value: integer, type: text })),
    }),
  },
  { requiredKeys: [] },
)
