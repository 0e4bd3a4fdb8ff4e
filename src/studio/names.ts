/** How people are called in the studio. */

/** What the log calls whoever changes something where nobody signs in. */
export const thisMachine = 'this machine'
/** What the log calls whoever tried a name that nobody bears. What they typed may be a password. */
export const somebody = 'somebody'

const nameCharsMax = 64

/** A name or password as it is compared: in whatever case and form it was typed. Pure. */
export const fold = (text: string): string => text.normalize('NFKC').trim().toLowerCase()

/** Why somebody cannot be called so, as the end of "name …"; null when they can. Pure. */
export function nameFault(name: string): string | null {
  if (name === '') return 'is empty'
  if (Array.from(name).length > nameCharsMax) return `has more than ${nameCharsMax} characters`
  // Control characters, and those that show as nothing or turn the line around.
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return 'has characters that cannot be seen'
  if ([thisMachine, somebody].includes(fold(name))) return 'stands for somebody else in the log'
  return null
}
