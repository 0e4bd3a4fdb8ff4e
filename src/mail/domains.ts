/** Whose mailboxes an address is among. Pure. */

/** Domains behind one and the same door, by the name that rates and figures know them under. */
const providers: Record<string, readonly string[]> = {
  'gmail.com': ['gmail.com', 'googlemail.com'],
  'outlook.com': [
    'outlook.com',
    'hotmail.com',
    'live.com',
    'msn.com',
    'outlook.de',
    'outlook.fr',
    'hotmail.co.uk',
    'hotmail.de',
    'hotmail.fr',
    'hotmail.it',
    'live.co.uk',
    'live.de',
    'live.fr',
    'live.nl',
  ],
  'yahoo.com': [
    'yahoo.com',
    'ymail.com',
    'rocketmail.com',
    'aol.com',
    'yahoo.co.uk',
    'yahoo.de',
    'yahoo.fr',
    'yahoo.es',
    'yahoo.it',
    'yahoo.co.in',
    'aol.de',
    'aol.co.uk',
  ],
  'icloud.com': ['icloud.com', 'me.com', 'mac.com'],
}
const providerOf = new Map(Object.entries(providers).flatMap(([name, domains]) => domains.map((domain) => [domain, name] as const)))

/** All domains that are no great provider's, taken together. */
export const others = 'others'

/** The receiving domain of an address, by its provider's name where it is a great one's: `gmail.com`. */
export function domainOf(address: string): string {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
  return providerOf.get(domain) ?? domain
}

/** `gmail.com`, `outlook.com`, …, or `others`: what daily limits and metrics are kept by. `domain` as `domainOf` gives it. */
export const groupOf = (domain: string): string => (Object.hasOwn(providers, domain) ? domain : others)

export const groups: readonly string[] = [...Object.keys(providers), others]
