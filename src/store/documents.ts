/**
 * What is stored, by subject. Every document of an organization carries `org`, the organization's
 * internal id; ids are random strings made by us and never used again.
 */
export type * from './documents/changes.ts'
export type * from './documents/clients.ts'
export type * from './documents/connections.ts'
export type * from './documents/deletions.ts'
export type * from './documents/groups.ts'
export type * from './documents/identities.ts'
export type * from './documents/inbox.ts'
export type * from './documents/installation.ts'
export type * from './documents/jobs.ts'
export type * from './documents/logins.ts'
export type * from './documents/organizations.ts'
export type * from './documents/resources.ts'
export type * from './documents/scoped.ts'
export type * from './documents/users.ts'
