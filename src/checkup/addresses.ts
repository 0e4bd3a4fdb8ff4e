/** Addresses that may be one mailbox, and such as were probably mistyped. Pure; only ever hints for people. */

const dotless = new Set(['gmail.com', 'googlemail.com'])

/** Where most people have their mail. */
const common = [
  'gmail.com',
  'googlemail.com',
  'yahoo.com',
  'yahoo.co.uk',
  'hotmail.com',
  'hotmail.co.uk',
  'hotmail.de',
  'outlook.com',
  'outlook.de',
  'icloud.com',
  'protonmail.com',
  't-online.de',
  'freenet.de',
  'comcast.net',
  'btinternet.com',
  'orange.fr',
]
/** Near to those, and right. */
const right = new Set([
  ...common,
  'ymail.com',
  'hotmail.fr',
  'hotmail.it',
  'hotmail.es',
  'outlook.fr',
  'outlook.es',
  'yahoo.co.in',
  'yahoo.ca',
  'mail.com',
  'email.com',
])

/** The same for addresses that reach the same mailbox: without what follows a plus, at Google without dots. */
export function mailboxOf(address: string): string {
  const folded = address.toLowerCase()
  const at = folded.lastIndexOf('@')
  const domain = folded.slice(at + 1)
  const plus = folded.indexOf('+')
  const local = folded.slice(0, plus > 0 && plus < at ? plus : at)
  return dotless.has(domain) ? `${local.replaceAll('.', '')}@gmail.com` : `${local}@${domain}`
}

/** What the domain of an address was probably meant to be; null where nothing seems wrong. */
export function meantDomain(address: string): string | null {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
  if (right.has(domain)) return null
  const near = common.find((one) => isOneOff(domain, one))
  if (near !== undefined) return near
  return /\.(?:con|cmo|ocm|comm|vom)$/.test(domain) ? `${domain.slice(0, domain.lastIndexOf('.'))}.com` : null
}

/** One letter too many, too few, another, or two neighbours swapped. */
function isOneOff(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1) return false
  let from = 0
  while (from < a.length && a[from] === b[from]) from++
  const [restA, restB] = [a.slice(from), b.slice(from)]
  if (restA.slice(1) === restB.slice(1) || restA === restB.slice(1) || restA.slice(1) === restB) return true
  return restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2)
}
