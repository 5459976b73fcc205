import type { DomainDocument } from '../store/documents.ts'
import type { TxtResolver } from './types.ts'

const marker = 'usher-verification='
/** Answers of a name server that say: there is no such record. */
const absent: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA', 'NXDOMAIN'])

/** What the name servers say about the proof of a domain. */
export type Proof = 'found' | 'missing' | 'different' | 'unanswered'

/** A TXT record comes in pieces of 255 bytes, which belong together (RFC 7208 section 3.3). */
export async function readProof(
  resolveTxt: TxtResolver,
  { domain, token }: Pick<DomainDocument, 'domain' | 'token'>,
): Promise<Proof> {
  let texts: readonly string[]
  try {
    texts = (await resolveTxt(`_usher.${domain}`)).map((pieces) => pieces.join('').trim())
  } catch (error) {
    return error instanceof Error && 'code' in error && absent.has(error.code) ? 'missing' : 'unanswered'
  }
  if (texts.includes(`${marker}${token}`)) return 'found'
  return texts.some((text) => text.startsWith(marker)) ? 'different' : 'missing'
}
