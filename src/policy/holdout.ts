/** Who is held out, by a stable hash: the same customer always, whatever happens. Pure. */

export function isHeldOut(customer: number, journey: string, share: number): boolean {
  return fraction(`${journey}/${customer}`) < share
}

/** FNV-1a with a final mix, as a number from 0 up to 1. */
function fraction(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
