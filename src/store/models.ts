/**
 * The mongoose models: thin schemas (what is indexed is typed, payloads are mixed), the indexes, and nothing that
 * happens behind a caller's back: no hydration, no casting of payloads, no automatic indexes.
 */
import mongoose from 'mongoose'

const { Schema } = mongoose
const Mixed = Schema.Types.Mixed

const options = {
  autoIndex: false,
  autoCreate: false,
  bufferCommands: false,
  versionKey: false as const,
  id: false,
  minimize: false,
  strict: 'throw' as const,
  strictQuery: 'throw' as const,
}

type IndexTable = readonly (readonly [keys: Record<string, 1 | -1>, options?: mongoose.mongo.CreateIndexesOptions])[]

interface ModelDefinition {
  readonly fields: mongoose.SchemaDefinition
  readonly indexes: IndexTable
}

const expires: IndexTable[number] = [{ expiresAt: 1 }, { expireAfterSeconds: 0 }]
const unique = { unique: true }

const resourceFields = {
  _id: String,
  org: String,
  version: Number,
  revision: Number,
  created: Date,
  lastModified: Date,
  resource: Mixed,
  search: Mixed,
  externalIds: Mixed,
  keys: Mixed,
  sources: Mixed,
  form: Number,
  outline: String,
}

/** Each client's externalIds in their order; a client belongs to one organization. */
const externalIdOrder: IndexTable[number] = [{ 'search.sort.externalId.of.$**': 1 }]

/** Uniqueness that a dialect or a schema document switches on, and the walks that every resource type offers. */
const resourceIndexes: IndexTable = [
  [{ org: 1, _id: 1 }],
  [
    { org: 1, keys: 1 },
    { unique: true, partialFilterExpression: { keys: { $exists: true } } },
  ],
  [{ org: 1, 'externalIds.value': 1, 'externalIds.client': 1 }],
  [{ org: 1, 'search.sort.externalId.writers': 1, _id: 1 }],
  externalIdOrder,
  [{ org: 1, 'search.meta.lastModified': 1, _id: 1 }],
]

const definitions = {
  organizations: {
    fields: {
      _id: String,
      slug: String,
      displayName: String,
      defaultRole: String,
      seatLimit: Number,
      returnUrls: Mixed,
      staleUsers: Mixed,
      retention: Mixed,
      careDueAt: Date,
      changesRemovedTo: Number,
      version: Number,
      created: Date,
    },
    indexes: [
      [{ slug: 1 }, unique],
      [{ careDueAt: 1 }, { partialFilterExpression: { careDueAt: { $exists: true } } }],
    ],
  },
  domains: {
    fields: {
      _id: String,
      org: String,
      domain: String,
      status: String,
      method: String,
      token: String,
      reason: String,
      created: Date,
      verifiedAt: Date,
      checkedAt: Date,
      missingSince: Date,
    },
    indexes: [
      [{ org: 1, domain: 1 }, unique],
      [{ domain: 1 }, { unique: true, partialFilterExpression: { status: 'verified' } }],
      [{ status: 1, method: 1, checkedAt: 1 }],
    ],
  },
  roles: {
    fields: {
      _id: String,
      org: String,
      name: String,
      displayName: String,
      description: String,
      privileged: Boolean,
      groups: Mixed,
      guard: Number,
      created: Date,
      lastModified: Date,
    },
    indexes: [[{ org: 1, name: 1 }, unique]],
  },
  invitations: {
    fields: {
      _id: String,
      org: String,
      email: String,
      emailKey: String,
      roles: Mixed,
      created: Date,
      expiresAt: Date,
      acceptedBy: String,
      acceptedAt: Date,
    },
    indexes: [[{ org: 1, emailKey: 1 }], [{ org: 1, _id: 1 }]],
  },
  connections: {
    fields: {
      _id: String,
      org: String,
      name: String,
      type: String,
      issuer: String,
      clientId: String,
      clientSecret: String,
      scopes: Mixed,
      audiences: Mixed,
      enabled: Boolean,
      scimClients: Mixed,
      jit: Mixed,
      jitVersion: Number,
      version: Number,
      created: Date,
      deleting: Boolean,
    },
    indexes: [[{ org: 1, name: 1 }, unique], [{ org: 1, _id: 1 }]],
  },
  jitVersions: {
    fields: {
      _id: String,
      org: String,
      connection: String,
      version: Number,
      settings: Mixed,
      at: Date,
      actor: String,
    },
    indexes: [[{ org: 1, connection: 1, version: -1 }, unique]],
  },
  users: {
    fields: {
      ...resourceFields,
      holds: Mixed,
      state: String,
      grants: Mixed,
      provisionedBy: String,
      provenEmails: Mixed,
      managedBy: Mixed,
    },
    indexes: [
      ...resourceIndexes,
      [{ org: 1, 'search.userName': 1 }, unique],
      [{ org: 1, 'search.emails.value': 1 }],
      [{ org: 1, 'search.emails.domain': 1 }],
      [{ org: 1, 'search.displayName': 1, _id: 1 }],
      [{ org: 1, 'search.name.familyName': 1, _id: 1 }],
      [{ org: 1, 'search.active': 1, _id: 1 }],
      [{ org: 1, 'grants.role': 1, _id: 1 }],
      [{ org: 1, 'search.roles.value': 1 }],
      [{ org: 1, state: 1, _id: 1 }],
      [{ org: 1, 'search.provisioning.managedBy.source': 1 }],
      [
        { org: 1, 'search.enterprise.manager.value': 1 },
        { partialFilterExpression: { 'search.enterprise.manager.value': { $exists: true } } },
      ],
      // Only users about whom sources disagree are in it.
      [
        { org: 1, _id: 1, 'sources.shadowed.source': 1 },
        { partialFilterExpression: { 'sources.shadowed.source': { $exists: true } } },
      ],
    ],
  },
  groups: {
    fields: resourceFields,
    indexes: [...resourceIndexes, [{ org: 1, 'search.displayName': 1 }, unique]],
  },
  resources: {
    fields: { ...resourceFields, type: { type: String } },
    indexes: [
      [{ org: 1, type: 1, _id: 1 }],
      [
        { org: 1, keys: 1 },
        { unique: true, partialFilterExpression: { keys: { $exists: true } } },
      ],
      [{ org: 1, 'externalIds.value': 1, 'externalIds.client': 1 }],
      [{ org: 1, type: 1, 'search.sort.externalId.writers': 1, _id: 1 }],
      externalIdOrder,
      [{ org: 1, type: 1, 'search.meta.lastModified': 1, _id: 1 }],
    ],
  },
  memberships: {
    fields: { org: String, group: String, member: String, kind: String, sources: Mixed },
    indexes: [
      [{ org: 1, group: 1, member: 1 }, unique],
      [{ org: 1, member: 1, group: 1 }],
      [{ org: 1, 'sources.source': 1, group: 1 }],
    ],
  },
  identities: {
    fields: {
      _id: String,
      org: String,
      connection: String,
      issuer: String,
      subject: String,
      user: String,
      linkedAt: Date,
      lastLogin: Date,
      pending: Boolean,
      ending: Mixed,
      origin: Mixed,
    },
    indexes: [
      [{ org: 1, connection: 1, issuer: 1, subject: 1 }, unique],
      [{ org: 1, connection: 1, user: 1 }, unique],
      [{ org: 1, connection: 1, _id: 1 }],
      [{ 'ending.until': 1 }, { partialFilterExpression: { 'ending.until': { $exists: true } } }],
      [{ org: 1, user: 1 }],
      [{ org: 1, subject: 1 }],
      [{ org: 1, lastLogin: 1, _id: 1 }],
    ],
  },
  pastLinks: {
    fields: {
      _id: String,
      org: String,
      connection: String,
      issuer: String,
      subject: String,
      user: String,
      linkedAt: Date,
      lastLogin: Date,
      pending: Boolean,
      ending: Mixed,
      origin: Mixed,
      closedAt: Date,
      closedBy: String,
      reason: String,
      barred: Boolean,
    },
    indexes: [[{ org: 1, connection: 1, issuer: 1, subject: 1 }], [{ org: 1, user: 1, _id: 1 }]],
  },
  relinkRows: {
    fields: {
      _id: String,
      org: String,
      job: String,
      link: String,
      user: String,
      subject: String,
      newSubject: String,
      verdict: String,
      expiresAt: Date,
    },
    indexes: [
      [{ org: 1, job: 1, verdict: 1, _id: 1 }],
      [{ org: 1, job: 1, user: 1 }],
      [{ org: 1, job: 1, newSubject: 1 }],
      expires,
    ],
  },
  tombstones: {
    fields: {
      _id: String,
      org: String,
      user: String,
      userName: String,
      userNameKey: String,
      externalIds: Mixed,
      emailKeys: Mixed,
      identityKeys: Mixed,
      deletedAt: Date,
      actor: String,
      mergedInto: String,
      unerased: Boolean,
      expiresAt: Date,
    },
    indexes: [
      [{ org: 1, _id: 1 }],
      [{ org: 1, user: 1 }],
      [{ unerased: 1, _id: 1 }, { partialFilterExpression: { unerased: true } }],
      [{ org: 1, identityKeys: 1 }],
      [{ org: 1, 'externalIds.value': 1 }],
      [{ org: 1, emailKeys: 1 }],
      [{ org: 1, userNameKey: 1 }],
      expires,
    ],
  },
  departures: {
    fields: { _id: String, org: String, at: Date, due: Date, actor: String, request: String, heir: String },
    indexes: [[{ due: 1 }]],
  },
  scimClients: {
    fields: {
      _id: String,
      org: String,
      name: String,
      dialect: String,
      switches: Mixed,
      onExisting: String,
      allowPrivileged: Boolean,
      scopes: Mixed,
      created: Date,
    },
    indexes: [[{ org: 1, _id: 1 }]],
  },
  credentials: {
    fields: {
      _id: String,
      kind: String,
      org: String,
      id: String,
      client: String,
      name: String,
      prefix: String,
      scopes: Mixed,
      created: Date,
      expiresAt: Date,
      revokedAt: Date,
      lastUsed: Date,
      issuedFor: String,
      granted: Mixed,
    },
    indexes: [[{ org: 1, kind: 1, id: 1 }], [{ org: 1, client: 1 }]],
  },
  asyncResults: {
    fields: { _id: String, org: String, source: String, method: String, result: String, until: Date, expiresAt: Date },
    indexes: [[{ org: 1 }], expires],
  },
  clientAssertions: { fields: { _id: String, org: String, expiresAt: Date }, indexes: [expires] },
  loginTransactions: {
    fields: {
      _id: String,
      org: String,
      connection: String,
      nonce: String,
      verifier: String,
      returnTo: String,
      browser: String,
      maxAge: Number,
      expiresAt: Date,
    },
    indexes: [expires],
  },
  decisions: {
    fields: {
      _id: String,
      org: String,
      reference: String,
      at: Date,
      connection: String,
      configVersion: Number,
      outcome: String,
      code: String,
      subject: String,
      user: String,
      steps: Mixed,
      claims: Mixed,
      operations: Mixed,
      changes: Mixed,
      warnings: Mixed,
      heldRemovals: Mixed,
      answer: Mixed,
      tokenKey: String,
      issuedAt: Date,
      erasedAt: Date,
      expiresAt: Date,
    },
    indexes: [
      [{ org: 1, reference: 1 }, unique],
      [
        { org: 1, tokenKey: 1 },
        { unique: true, partialFilterExpression: { tokenKey: { $exists: true } } },
      ],
      [{ org: 1, _id: 1 }],
      [{ org: 1, user: 1, _id: 1 }],
      [{ org: 1, connection: 1, _id: 1 }],
      [{ org: 1, connection: 1, subject: 1, _id: -1 }],
      [{ org: 1, connection: 1, outcome: 1, at: 1 }],
      expires,
    ],
  },
  inbox: {
    fields: {
      _id: String,
      org: String,
      kind: String,
      status: String,
      live: Boolean,
      version: Number,
      person: String,
      connection: String,
      issuer: String,
      subject: String,
      user: String,
      users: Mixed,
      groups: Mixed,
      detail: String,
      claims: Mixed,
      count: Number,
      first: Mixed,
      last: Mixed,
      answer: Mixed,
      expiresAt: Date,
    },
    indexes: [
      [
        { org: 1, person: 1, kind: 1, status: 1 },
        { unique: true, partialFilterExpression: { live: true } },
      ],
      [{ org: 1, person: 1, _id: 1 }],
      [{ org: 1, _id: 1 }],
      [{ org: 1, status: 1, _id: 1 }],
      [{ org: 1, kind: 1, _id: 1 }],
      [{ org: 1, connection: 1, _id: 1 }],
      [{ org: 1, users: 1, _id: 1 }],
      expires,
    ],
  },
  removalWindows: {
    fields: {
      _id: String,
      org: String,
      connection: String,
      group: String,
      start: Date,
      given: Number,
      removed: Number,
      expiresAt: Date,
    },
    indexes: [expires],
  },
  changes: {
    fields: {
      _id: String,
      org: String,
      seq: Number,
      chain: String,
      unnumbered: Boolean,
      at: Date,
      actor: String,
      source: String,
      resource: Mixed,
      action: String,
      operations: Mixed,
      decision: String,
      mergedInto: String,
      request: String,
    },
    indexes: [
      [
        { org: 1, seq: 1 },
        { unique: true, partialFilterExpression: { seq: { $exists: true } } },
      ],
      [{ org: 1, 'resource.id': 1, _id: -1 }],
      [{ org: 1, _id: 1 }, { partialFilterExpression: { unnumbered: true } }],
    ],
  },
  feeds: { fields: { _id: String, org: String, seq: Number, chain: String, anchor: Mixed }, indexes: [] },
  jobs: {
    fields: {
      _id: String,
      org: String,
      kind: String,
      state: String,
      input: Mixed,
      cursor: Mixed,
      notBefore: Date,
      progress: Mixed,
      result: Mixed,
      error: String,
      created: Date,
      finishedAt: Date,
      expiresAt: Date,
    },
    indexes: [[{ state: 1, created: 1 }], [{ org: 1 }], expires],
  },
  seats: { fields: { _id: String, org: String, used: Number }, indexes: [] },
  requestCounts: { fields: { _id: String, used: Number, expiresAt: Date }, indexes: [expires] },
  leases: { fields: { _id: String, owner: String, until: Date }, indexes: [] },
  secrets: { fields: { _id: String, value: String }, indexes: [] },
  migrations: {
    fields: {
      _id: String,
      version: Number,
      at: Date,
      basis: String,
      state: String,
      run: String,
      place: String,
      looked: Number,
      changed: Mixed,
      refused: Number,
      again: Date,
    },
    indexes: [],
  },
} satisfies Record<string, ModelDefinition>

export type CollectionName = keyof typeof definitions
export const collectionNames = Object.keys(definitions) as readonly CollectionName[]

/** Registers the models on one connection; a second connection gets its own. */
export function defineModels(connection: mongoose.Connection): ReadonlyMap<CollectionName, mongoose.Model<unknown>> {
  const models = new Map<CollectionName, mongoose.Model<unknown>>()
  for (const name of collectionNames) {
    const definition: ModelDefinition = definitions[name]
    const schema = new Schema(definition.fields, { ...options, collection: name })
    for (const [keys, indexOptions] of definition.indexes)
      schema.index(keys, { ...indexOptions } as mongoose.IndexOptions)
    models.set(name, connection.model<unknown>(name, schema as unknown as mongoose.Schema<unknown>))
  }
  return models
}
