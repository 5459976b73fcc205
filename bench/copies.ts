/** A copy of a document in which every one of these texts, alone or within a longer one, is replaced. */
export function renamed<Document>(document: Document, names: Readonly<Record<string, string>>): Document {
  const rename = (value: unknown): unknown => {
    if (typeof value === 'string') {
      let text = value
      for (const [from, to] of Object.entries(names)) text = text.replaceAll(from, to)
      return text
    }
    if (Array.isArray(value)) return value.map(rename)
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, rename(member)]))
  }
  return rename(document) as Document
}
