/** `$` is in the ABNF of RFC 7643 section 2.1 and missing in RFC 7644 Figure 1; `members.$ref` needs it. */
const name = /^[\p{L}$][\p{L}\p{N}_$-]*$/u
const lastUrnSegment = /^[\p{L}\p{N}_$-]+(\.[\p{L}\p{N}_$-]+)?$/u
const urnPrefix = /^\p{L}[^\s:]*(:[^\s:]+)*$/u

/** Whether the text is an ATTRNAME of RFC 7644 Figure 1. */
export function isAttributeName(text: string): boolean {
  return name.test(text)
}

/**
 * Whether the text is an attrPath of RFC 7644 Figure 1: a name with at most one sub-attribute, possibly behind a URN,
 * whose own dots (`2.0`) separate nothing. The URN of an extension alone is one as well.
 */
export function isAttributePath(text: string): boolean {
  const colon = text.lastIndexOf(':')
  if (colon !== -1) return urnPrefix.test(text.slice(0, colon)) && lastUrnSegment.test(text.slice(colon + 1))
  const parts = text.split('.')
  return parts.length <= 2 && parts.every(isAttributeName)
}
