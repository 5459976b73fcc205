import type {
  DomainDocument,
  InvitationDocument,
  OrganizationDocument,
  RoleDocument,
  SeatDocument,
} from '../documents/organizations.ts'
import { having, Mixed, type ModelDefinition, unique } from './definition.ts'

export const organizations: ModelDefinition<OrganizationDocument> = {
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
    [{ careDueAt: 1 }, having('careDueAt')],
  ],
}

export const seats: ModelDefinition<SeatDocument> = { fields: { _id: String, org: String, used: Number }, indexes: [] }

export const domains: ModelDefinition<DomainDocument> = {
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
    tokenSince: Date,
  },
  indexes: [
    [{ org: 1, domain: 1 }, unique],
    [{ domain: 1 }, { ...unique, partialFilterExpression: { status: 'verified' } }],
    [{ status: 1, method: 1, checkedAt: 1 }],
  ],
}

export const roles: ModelDefinition<RoleDocument> = {
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
}

export const invitations: ModelDefinition<InvitationDocument> = {
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
}
