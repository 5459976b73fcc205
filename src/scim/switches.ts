import type { SwitchName, SwitchOverrides } from './dialects.ts'

/** What a switch of a dialect decides, for documentation and the admin API. */
export interface SwitchDescription {
  /** The question that RFC 7643, RFC 7644 and their clients answer differently. */
  readonly question: string
  /** What each value means. */
  readonly values: Readonly<Record<string, string>>
}

/** Every switch of a dialect, in the order of the documentation. */
export const switches: Readonly<Record<SwitchName, SwitchDescription>> = {
  filteredReplaceMiss: {
    question: 'PATCH replaces `emails[type eq "work"]` of a user who has none.',
    values: {
      noTarget: '400 noTarget (RFC 7644 section 3.5.2.3).',
      create: 'An element is made from the `eq` comparisons of the filter.',
    },
  },
  filteredAddMiss: {
    question: 'PATCH adds `emails[type eq "work"].value` to a user who has none.',
    values: { create: 'An element is made from the `eq` comparisons of the filter.', refuse: '400 noTarget.' },
  },
  filteredRemoveMiss: {
    question: 'PATCH removes what its filter does not find.',
    values: { success: 'Nothing changes, and the request succeeds.', noTarget: '400 noTarget.' },
  },
  pathlessPatch: {
    question: 'PATCH operations without `path`, their value keyed by attribute, dotted name, URN or filter.',
    values: { accept: 'Each key is an operation of its own.', refuse: '400 invalidSyntax.' },
  },
  unknownAttributes: {
    question: 'Attributes and schema URIs in a body that no schema describes.',
    values: { ignore: 'They are dropped and never shown.', refuse: '400 invalidSyntax.' },
  },
  unknownPatchPath: {
    question: 'PATCH on a path that no schema describes.',
    values: { refuse: '400 invalidPath.', ignore: 'The operation is dropped.' },
  },
  patchAnswer: {
    question: 'What a successful PATCH is answered.',
    values: { body: '200 with the resource.', empty: '204, or 200 when the request names `attributes`.' },
  },
  password: {
    question: 'A body with a password. None is ever kept.',
    values: { discard: 'It is dropped.', refuse: '400 invalidValue.' },
  },
  mediaType: {
    question: 'The media type of answers.',
    values: {
      negotiate: '`application/scim+json`, or `application/json` where `Accept` prefers it.',
      scim: '`application/scim+json` always.',
      json: '`application/json` always.',
    },
  },
  complexReplace: {
    question: 'PATCH replaces a complex attribute such as `name`.',
    values: { merge: 'Sub-attributes that are not given stay.', whole: 'The given value takes the place of all.' },
  },
  unknownFilterAttribute: {
    question:
      'A filter names an attribute that no schema describes. A query at the root always takes it as unassigned.',
    values: { refuse: '400 invalidFilter.', noValue: 'It counts as unassigned.' },
  },
  discoveryFilter: {
    question: 'A filter on `/Schemas` or `/ResourceTypes`.',
    values: { refuse: '403 (RFC 7644 section 4).', ignore: 'It is ignored.' },
  },
  patchOpSchemas: {
    question: 'PATCH without `schemas`.',
    values: { require: '400 invalidSyntax.', infer: 'It is taken for a PatchOp.' },
  },
  routeCase: {
    question: 'Names of endpoints in another case, such as `/users`.',
    values: { insensitive: 'They are found.', exact: '404.' },
  },
  bareWords: {
    question: 'Texts without quotes in a filter.',
    values: { refuse: '400 invalidFilter.', accept: 'They are read as if quoted.' },
  },
  externalIdUnique: {
    question: 'A second resource with the same `externalId`.',
    values: {
      none: 'It is allowed (RFC 7643 section 3.1).',
      client: '409 when this SCIM client has given it already.',
      organization: '409 when any SCIM client of the organization has given it already.',
    },
  },
  stringBooleans: {
    question: '`"True"` and `"False"` for booleans, in bodies and filters.',
    values: { accept: 'They are read as booleans.', refuse: '400 invalidValue, in filters 400 invalidFilter.' },
  },
  bareExtensionNames: {
    question: "A filter names an extension's attribute without the URN of the extension.",
    values: { accept: 'It is found if no other attribute has the name.', refuse: 'It is an unknown attribute.' },
  },
  managerShape: {
    question: '`manager` as a text instead of an object.',
    values: { accept: "It is the manager's id; an empty text removes the manager.", refuse: '400 invalidValue.' },
  },
  bareRoles: {
    question: 'Roles as texts instead of objects.',
    values: {
      accept: 'A text is the value of a role.',
      parse: 'The same, and JSON inside of `value` is read.',
      refuse: '400 invalidValue.',
    },
  },
  missingSchemas: {
    question: 'POST, PUT, SearchRequest and BulkRequest without `schemas`.',
    values: { require: '400 invalidSyntax.', infer: 'They are inferred from the endpoint.' },
  },
  emptyOperations: {
    question: 'PATCH with an empty list of operations.',
    values: { refuse: '400 invalidSyntax.', noop: 'Nothing changes, and the request succeeds.' },
  },
  putOmittedMembers: {
    question: 'PUT of a group without `members`.',
    values: { clear: 'The client takes away the members it gave.', keep: 'The members stay.' },
  },
  putMerge: {
    question: 'What a PUT does with attributes that it omits.',
    values: { replace: 'They are cleared (RFC 7644 section 3.5.1).', merge: 'They stay.' },
  },
  asyncRequests: {
    question: '`Prefer: respond-async` (RFC 9967) on a change or a bulk.',
    values: {
      ignore: 'The answer is the usual one, and nothing is announced.',
      accept: '202, and the result is fetched later; the client sees `securityEvents` in its ServiceProviderConfig.',
    },
  },
  integerForm: {
    question: 'Integers written with a fraction or an exponent: `1.0`, `1e3`.',
    values: { any: 'They are the integers that they equal.', exact: '400 invalidValue.' },
  },
  bothProjections: {
    question: '`attributes` and `excludedAttributes` in one request.',
    values: { attributesWins: '`attributes` is obeyed.', refuse: '400 invalidValue.' },
  },
  countryAlpha2: {
    question: 'Countries of addresses that are not two letters.',
    values: { true: '400 invalidValue.', false: 'They are stored as given.' },
  },
}

export const switchNames = Object.keys(switches) as readonly SwitchName[]

/** The values that a switch may have, as JSON has them. */
export function switchValues(name: SwitchName): readonly (string | boolean)[] {
  return Object.keys(switches[name].values).map((value) =>
    value === 'true' || value === 'false' ? value === 'true' : value,
  )
}

/** What of a stored table is a switch with one of its values: another release may have known others. */
export function readOverrides(stored: Readonly<Record<string, unknown>> = {}): SwitchOverrides {
  const known = switchNames.filter((name) => switchValues(name).some((value) => value === stored[name]))
  return Object.fromEntries(known.map((name) => [name, stored[name]]))
}
