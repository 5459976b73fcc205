import { randomBytes } from 'node:crypto'
import { UsherError } from '../errors.ts'
import type { DomainDocument } from '../store/documents.ts'
import { readDomainName } from './domain-names.ts'
import { newId, type OrganizationContext, type OrganizationsEnvironment } from './environment.ts'
import { readPage } from './paging.ts'
import { invalidMember, notFound, whenTaken } from './refusals.ts'
import { readProof } from './txt-proof.ts'
import type { Listing, PageRequest } from './types.ts'

/** Milliseconds in which a record has to be published. */
const patience = 30 * 86_400_000

export interface DomainView {
  readonly domain: string
  readonly status: DomainDocument['status']
  /** How it was verified; null while it is not. */
  readonly method: DomainDocument['method'] | null
  readonly reason: string | null
  /** What the organization has to publish, for the proof by DNS. */
  readonly record: { readonly type: 'TXT'; readonly name: string; readonly value: string }
  readonly createdAt: string
  readonly verifiedAt: string | null
}

export interface DomainInput {
  readonly domain: string
  readonly verified?: boolean | undefined
  readonly reason?: string | undefined
}

/**
 * Notes a domain, to be proved by a TXT record. The operator may vouch for it instead, with a reason.
 * @throws UsherError `validation_failed`, `forbidden`, `already_exists`, `domain_taken`
 */
export async function createDomain(
  environment: OrganizationsEnvironment,
  context: OrganizationContext,
  input: DomainInput,
): Promise<DomainView> {
  const { store } = environment
  const { organization, principal, now } = context
  const domain = readDomainName(input.domain)
  const vouched = input.verified === true
  if (vouched && principal.kind !== 'operator') {
    throw new UsherError('forbidden', 'Only the operator may vouch for a domain. Prove it by its TXT record.')
  }
  if (vouched && !input.reason?.trim()) throw invalidMember('reason', 'Say why the domain counts as verified.')
  const proof = {
    status: vouched ? 'verified' : 'pending',
    method: vouched ? 'operator' : 'dns',
    reason: input.reason?.trim() || null,
    verifiedAt: vouched ? now : null,
  } as const
  return whenTaken(
    async () => {
      const present = await store.domains.findOne(organization.id, { domain })
      if (present !== null && vouched && present.status !== 'verified') {
        await store.domains.updateOne(organization.id, { _id: present._id }, { $set: proof })
        return showDomain({ ...present, ...proof })
      }
      const document: DomainDocument = {
        _id: newId(now),
        org: organization.id,
        domain,
        token: newToken(),
        ...proof,
        created: now,
        checkedAt: null,
      }
      await store.domains.insertOne(organization.id, document)
      return showDomain(document)
    },
    (key) =>
      key.includes('org')
        ? new UsherError('already_exists', `The organization has the domain ${domain} already.`)
        : taken(domain),
  )
}

/**
 * Looks the TXT record up. No record yet: `pending`, or `lapsed` where the domain was proved before. A record of another
 * value, or name servers that do not answer: `failed`; a domain that is verified stays so while they do not answer. One
 * that was not proved within 30 days gets another record.
 * @throws UsherError `not_found`, `domain_taken`
 */
export async function verifyDomain(
  environment: OrganizationsEnvironment,
  { organization, now }: OrganizationContext,
  name: string,
): Promise<DomainView> {
  const { store } = environment
  const found = await store.domains.findOne(organization.id, { domain: normalised(name) })
  if (found === null) throw notFound('domain')
  if (found.status === 'verified' && found.method === 'operator') return showDomain(found)
  const owner = await store.domains.everywhere.findOne({ domain: found.domain, status: 'verified' })
  if (owner !== null && owner.org !== organization.id) throw taken(found.domain)
  return whenTaken(
    () => checkProof(environment, found, now),
    () => taken(found.domain),
  )
}

export function listDomains(
  { store }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  page: PageRequest,
): Promise<Listing<DomainView>> {
  return readPage(store.domains, organization.id, {}, page, showDomain)
}

/** @throws UsherError `not_found` */
export async function deleteDomain(
  { store }: OrganizationsEnvironment,
  { organization }: OrganizationContext,
  name: string,
): Promise<void> {
  if (!(await store.domains.deleteOne(organization.id, { domain: normalised(name) }))) throw notFound('domain')
}

async function checkProof(
  environment: OrganizationsEnvironment,
  document: DomainDocument,
  now: Date,
): Promise<DomainView> {
  if (isOverdue(document, now)) return renewToken(environment, document, now)
  const proof = await readProof(environment.resolveTxt, document)
  const proved = document.status === 'verified' || document.status === 'lapsed'
  if (proof === 'unanswered' && document.status === 'verified') return showDomain(document)
  const status = statusAfter(proof, proved)
  const fields = {
    status,
    method: 'dns' as const,
    checkedAt: now,
    missingSince: null,
    ...(status === 'verified' && document.status !== 'verified' ? { verifiedAt: now } : {}),
  }
  await update(environment, document, fields)
  return showDomain({ ...document, ...fields })
}

/** Whether the domain was not proved in time: whoever gave up on it may have given it up, with the record in its zone. */
function isOverdue({ verifiedAt, tokenSince, created }: DomainDocument, now: Date): boolean {
  return verifiedAt === null && now.getTime() - (tokenSince ?? created).getTime() > patience
}

async function renewToken(
  environment: OrganizationsEnvironment,
  document: DomainDocument,
  now: Date,
): Promise<DomainView> {
  const { store } = environment
  const { org, _id, token } = document
  const fields = { token: newToken(), tokenSince: now, status: 'pending' as const, checkedAt: now }
  const renewed = await store.domains.updateOne(org, { _id, token, verifiedAt: null }, { $set: fields })
  if (renewed) return showDomain({ ...document, ...fields })
  const present = await store.domains.findOne(org, { _id })
  if (present === null) throw notFound('domain')
  return showDomain(present)
}

function newToken(): string {
  return randomBytes(24).toString('base64url')
}

function statusAfter(proof: Awaited<ReturnType<typeof readProof>>, proved: boolean): DomainDocument['status'] {
  if (proof === 'found') return 'verified'
  if (proved) return 'lapsed'
  return proof === 'missing' ? 'pending' : 'failed'
}

/** What somebody else has changed in the meantime stays. */
async function update(
  { store }: OrganizationsEnvironment,
  { org, _id, status }: DomainDocument,
  fields: Partial<DomainDocument>,
): Promise<void> {
  await store.domains.updateOne(org, { _id, status }, { $set: fields })
}

function normalised(name: string): string {
  try {
    return readDomainName(name)
  } catch {
    throw notFound('domain')
  }
}

function taken(domain: string): UsherError {
  return new UsherError('domain_taken', `The domain ${domain} is verified by another organization.`)
}

function showDomain(document: DomainDocument): DomainView {
  const { domain, status, method, reason, token, created, verifiedAt } = document
  return {
    domain,
    status,
    method: verifiedAt === null ? null : method,
    reason,
    record: { type: 'TXT', name: `_usher.${domain}`, value: `usher-verification=${token}` },
    createdAt: created.toISOString(),
    verifiedAt: verifiedAt?.toISOString() ?? null,
  }
}
