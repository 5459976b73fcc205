import type { FilterSwitches } from '../filter/types.ts'
import type { PatchSwitches } from '../patch/types.ts'
import type { NormaliseSwitches } from '../schema/types.ts'

export const dialectNames = ['rfc', 'entra', 'okta', 'onelogin', 'google', 'interop-strict'] as const
export type DialectName = (typeof dialectNames)[number]

/**
 * A dialect is a preset of named switches; no code asks which client it talks to, it asks for a switch. What each value
 * means is said in `switches.ts`. A switch holds for what a client sends: what is stored was checked when it came in,
 * and stays readable under every dialect.
 */
export interface Dialect extends NormaliseSwitches, FilterSwitches, PatchSwitches {
  readonly name: DialectName
  /** What a successful PATCH is answered: 200 with the resource, or 204. */
  readonly patchAnswer: 'body' | 'empty'
  /** The media type of answers: as `Accept` has it, or always the same. */
  readonly mediaType: 'negotiate' | 'scim' | 'json'
  /** A filter on `/Schemas` and `/ResourceTypes`. */
  readonly discoveryFilter: 'refuse' | 'ignore'
  /** Names of endpoints in another case than that of RFC 7644. */
  readonly routeCase: 'insensitive' | 'exact'
  /** Among which resources an `externalId` must be unique. */
  readonly externalIdUnique: 'none' | 'client' | 'organization'
  /** The members of a group whose PUT does not name any. */
  readonly putOmittedMembers: 'clear' | 'keep'
  /** Attributes that a PUT omits. In no preset `merge`: it is for single SCIM clients. */
  readonly putMerge: 'replace' | 'merge'
  /** `Prefer: respond-async` on a change. In no preset `accept`: strict clients refuse what announces it. */
  readonly asyncRequests: 'ignore' | 'accept'
  /** Integers that are written with a fraction or an exponent, `1.0` and `1e3`. */
  readonly integerForm: 'any' | 'exact'
  /** `attributes` and `excludedAttributes` in one request. */
  readonly bothProjections: 'attributesWins' | 'refuse'
}

export type SwitchName = Exclude<keyof Dialect, 'name'>
/** Switches that one SCIM client has otherwise than its dialect. */
export type SwitchOverrides = { readonly [Name in SwitchName]?: Dialect[Name] }

const rfc: Dialect = {
  name: 'rfc',
  filteredReplaceMiss: 'noTarget',
  filteredAddMiss: 'create',
  filteredRemoveMiss: 'success',
  pathlessPatch: 'accept',
  unknownAttributes: 'ignore',
  unknownPatchPath: 'refuse',
  patchAnswer: 'body',
  password: 'discard',
  mediaType: 'negotiate',
  complexReplace: 'merge',
  unknownFilterAttribute: 'refuse',
  discoveryFilter: 'refuse',
  patchOpSchemas: 'require',
  routeCase: 'insensitive',
  bareWords: 'refuse',
  externalIdUnique: 'none',
  stringBooleans: 'accept',
  bareExtensionNames: 'accept',
  managerShape: 'accept',
  bareRoles: 'accept',
  missingSchemas: 'require',
  emptyOperations: 'refuse',
  putOmittedMembers: 'clear',
  putMerge: 'replace',
  asyncRequests: 'ignore',
  integerForm: 'any',
  bothProjections: 'attributesWins',
  countryAlpha2: false,
}

const okta: Dialect = {
  ...rfc,
  name: 'okta',
  unknownPatchPath: 'ignore',
  discoveryFilter: 'ignore',
  patchOpSchemas: 'infer',
  externalIdUnique: 'client',
  missingSchemas: 'infer',
  putOmittedMembers: 'keep',
}

/** The presets; RFC 7643 and 7644 and their clients contradict each other in these places only. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  rfc,
  entra: {
    ...rfc,
    name: 'entra',
    filteredReplaceMiss: 'create',
    unknownPatchPath: 'ignore',
    patchAnswer: 'empty',
    mediaType: 'scim',
    unknownFilterAttribute: 'noValue',
    discoveryFilter: 'ignore',
    patchOpSchemas: 'infer',
    bareWords: 'accept',
    externalIdUnique: 'client',
    bareRoles: 'parse',
    missingSchemas: 'infer',
    emptyOperations: 'noop',
  },
  okta,
  onelogin: { ...okta, name: 'onelogin', mediaType: 'json' },
  google: {
    ...rfc,
    name: 'google',
    externalIdUnique: 'client',
    patchOpSchemas: 'infer',
    missingSchemas: 'infer',
    discoveryFilter: 'ignore',
  },
  'interop-strict': {
    ...rfc,
    name: 'interop-strict',
    filteredAddMiss: 'refuse',
    filteredRemoveMiss: 'noTarget',
    pathlessPatch: 'refuse',
    unknownAttributes: 'refuse',
    unknownPatchPath: 'refuse',
    password: 'refuse',
    mediaType: 'scim',
    complexReplace: 'whole',
    routeCase: 'exact',
    externalIdUnique: 'organization',
    stringBooleans: 'refuse',
    bareExtensionNames: 'refuse',
    managerShape: 'refuse',
    bareRoles: 'refuse',
    integerForm: 'exact',
    bothProjections: 'refuse',
    countryAlpha2: true,
  },
}

/** The preset of this name with what a SCIM client has otherwise. */
export function dialectWith(name: DialectName, overrides: SwitchOverrides = {}): Dialect {
  return { ...dialects[name], ...overrides }
}
