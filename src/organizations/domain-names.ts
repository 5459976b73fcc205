import { domainToASCII } from 'node:url'
import { publicMailDomains } from './public-mail-domains.ts'
import { invalidMember } from './refusals.ts'

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * The name of a domain as it is stored and compared: lower case, and in its ASCII form (RFC 5890) when it is an
 * international one.
 * @throws UsherError `validation_failed` for what is no domain name, and for domains at which anybody has an address
 */
export function readDomainName(text: string): string {
  const name = domainToASCII(text.trim().replace(/\.$/, '')).toLowerCase()
  const labels = name.split('.')
  const last = labels.at(-1) ?? ''
  if (name.length > 253 || labels.length < 2 || !labels.every((each) => label.test(each)) || /^\d+$/.test(last)) {
    throw invalidMember('domain', 'This is no name of a domain, such as "example.com".')
  }
  if (publicMailDomains.has(name)) {
    throw invalidMember('domain', `Anybody can have an address at ${name}: no organization can own it.`)
  }
  return name
}
