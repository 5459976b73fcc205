/** Names that mean something to JavaScript objects: no claim of such a name is ever read, recorded or configured. */
const unusable = new Set(['__proto__', 'constructor', 'prototype'])

const MAX_CLAIM_NAME_LENGTH = 256

function hasControlCharacter(text: string): boolean {
  return [...text].some((character) => character.codePointAt(0)! < 0x20 || character === '\u007f')
}

/** Whether a claim of this name may be read. No document can have a member whose name holds a NUL. */
export function isUsableClaimName(name: string): boolean {
  return name !== '' && !unusable.has(name) && !name.includes('\0')
}

/** Whether the settings may name this claim: literally (dots and URLs included) or by path. */
export function isClaimNameForSettings(name: string): boolean {
  return (
    name.length <= MAX_CLAIM_NAME_LENGTH &&
    !hasControlCharacter(name) &&
    isUsableClaimName(name) &&
    name.split('.').every((part) => !unusable.has(part))
  )
}
