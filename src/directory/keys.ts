/** The comparison key under which only ASCII case is ignored: what may grant something is compared like this. */
export function asciiKey(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** The key of a link in tombstones. No issuer has a `|` in it, many subjects have. */
export function identityKey(connection: string, issuer: string, subject: string): string {
  return `${connection}|${issuer}|${subject}`
}

export function readIdentityKey(key: string): { readonly connection: string; readonly subject: string } {
  const [connection = '', , ...subject] = key.split('|')
  return { connection, subject: subject.join('|') }
}
