/** The small grammar of mail reports: fields, groups of fields, status codes, and words made fit to be kept. Pure. */

/** By name in lower case, unfolded; the first of each name. */
export type Fields = Readonly<Record<string, string | undefined>>

const fieldsMax = 200
const wordsCharsMax = 300

/** Fields up to the first empty line. Lines that are none are left out. */
export function fieldsOf(text: string): Fields {
  const fields: Record<string, string> = Object.create(null)
  let last = ''
  let count = 0
  for (const line of text.replace(/^\s+/, '').split(/\r?\n/)) {
    if (line.trim() === '' || count++ > fieldsMax) break
    const named = /^([!-9;-~]{1,80}):(.*)$/.exec(line)
    if (named === null) {
      if (last !== '' && /^[ \t]/.test(line)) fields[last] += ` ${line.trim()}`
      continue
    }
    last = named[1]!.toLowerCase()
    if (last in fields) last = ''
    else fields[last] = named[2]!.trim()
  }
  return fields
}

/** Groups of fields, apart by empty lines; at most as many as a report about one letter may have. */
export const groupsOf = (text: string): Fields[] =>
  text
    .split(/(?:\r?\n[ \t]*){2,}/)
    .slice(0, 20)
    .map(fieldsOf)

/** The first enhanced status code of class 2, 4 or 5 (RFC 3463). */
export const statusIn = (text: string): string | null => /(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)/.exec(text)?.[1] ?? null

/** What stands between the angle brackets, or all of it, where that can be an address or a Message-ID. */
export function addressIn(text: string): string | null {
  const inner = /<([^<>\s]+)>/.exec(text)?.[1] ?? text.trim()
  return /^[^\s<>]{1,200}@[^\s<>@]{1,255}$/.test(inner) ? inner : null
}

/**
 * One short line of plain characters, with the part before the @ of every address left out: who it is about stands in the
 * letter's row, and must not stay when that is erased (R9).
 */
export const plain = (text: string): string =>
  text
    .slice(0, 4_000)
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .replaceAll(/[^\s<>()[\]:;,"'=]{1,128}@(?=[A-Za-z0-9[])/g, '***@')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, wordsCharsMax)
