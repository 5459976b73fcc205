/** The comparison key under which only ASCII case is ignored: what may grant something is compared like this. */
export function asciiKey(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
