import { invalidMember } from './refusals.ts'

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/**
 * Addresses to which a browser may be sent after a login: absolute, https, or http on this machine (RFC 8252
 * section 7.3). A fragment could swallow what is appended, and credentials in a URL end up in logs.
 * @throws UsherError `validation_failed`
 */
export function checkReturnUrls(urls: readonly string[]): void {
  for (const [index, text] of urls.entries()) {
    const url = URL.parse(text)
    const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.test(url.hostname))
    if (
      url === null ||
      !secure ||
      url.hash !== '' ||
      text.includes('#') ||
      url.username !== '' ||
      url.password !== ''
    ) {
      throw invalidMember(
        `returnUrls.${index}`,
        'A return URL is absolute, https (or http on a loopback address), without credentials and fragment.',
      )
    }
  }
}
