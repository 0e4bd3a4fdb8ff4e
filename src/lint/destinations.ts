/** Whether every link of a letter leads where it should, safely. */
import { counted, attribute, gravest, innerWords, quoted } from './reading.ts'
import type { Check, Element, Finding, Reading } from './reading.ts'
import { isLoopback } from './leaving.ts'

export function checkLinks(letter: Reading): Check {
  const links = letter.elements.filter(({ name, attribs }) => name === 'a' && 'href' in attribs)
  const items = links.flatMap((link) => findingOf(link, letter.destinations) ?? [])
  const distinct = [...new Map(items.map((item) => [item.words, item])).values()]
  const result = gravest(items)
  return {
    id: 'links',
    title: 'Links',
    result,
    words:
      result === 'good'
        ? links.length === 0
          ? 'There are no links.'
          : `${counted(links.length, 'link')}, and all of them lead to proper addresses.`
        : `${counted(links.length, 'link')}; ${distinct.length === 1 ? 'one thing' : `${distinct.length} things`} about them to look at.`,
    items: distinct,
  }
}

function findingOf(link: Element, destinations: Readonly<Record<string, string>>): Finding | null {
  const href = (attribute(link, 'href') ?? '').trim()
  const to = (destinations[href] ?? href).trim()
  const words = innerWords(link)
  const name = words === '' ? 'A link without words' : `The link ${quoted(words)}`
  if (to === '' || to === '#') return { words: `${name} leads nowhere.`, result: 'warn' }
  // Blanks and control characters within a scheme are dropped by browsers.
  const scheme = /^([a-z][\w+.-]*):/i.exec(to.replaceAll(/[\s\p{Cc}]/gu, ''))?.[1]?.toLowerCase()
  if (scheme === 'javascript' || scheme === 'data' || scheme === 'vbscript' || scheme === 'file')
    return { words: `${name} begins with ${scheme}:, which no mail program opens and filters take for an attack.`, result: 'bad' }
  if (scheme === undefined)
    return to.startsWith('#') ? null : { words: `${name} leads to ${quoted(to)}, which is no whole address; begin it with https://.`, result: 'bad' }
  if (scheme !== 'http' && scheme !== 'https') return null
  const url = URL.parse(to)
  if (url === null) return { words: `${name} leads to ${quoted(to)}, which is no address.`, result: 'bad' }
  if (shorteners.has(url.hostname.replace(/^www\./, '')))
    return {
      words: `${name} is shortened by ${url.hostname}. Spammers hide behind such links, so filters distrust them: link to the page itself.`,
      result: 'warn',
    }
  const open = [href, to].map((address) => URL.parse(address)).find((address) => address?.protocol === 'http:' && !isLoopback(address.href))
  if (open) return { words: `Links to http://${open.host} are not encrypted; use https.`, result: 'warn' }
  return null
}

/** Services whose whole purpose is to stand for other addresses. */
const shorteners = new Set([
  'bit.ly',
  'tinyurl.com',
  't.co',
  'goo.gl',
  'ow.ly',
  'is.gd',
  'buff.ly',
  'rebrand.ly',
  'cutt.ly',
  'rb.gy',
  'tiny.cc',
  'shorturl.at',
  't.ly',
  'bl.ink',
  'lnkd.in',
  's.id',
  'v.gd',
])
