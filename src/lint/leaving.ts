/** Whether whoever wants no more letters can leave at once: in the letter, and by their mail client's own button. */
import { attribute, gravest, innerWords, isHidden } from './reading.ts'
import type { Check, Finding, Reading } from './reading.ts'

export function checkLeaving(letter: Reading): Check {
  const header = (name: string) => letter.headers.find(([given]) => given.toLowerCase() === name)?.[1] ?? ''
  const urls = [...header('list-unsubscribe').matchAll(/<([^>]+)>/g)].map((found) => found[1]!.trim())
  const items: Finding[] = []
  const web = urls.filter((url) => /^https?:/i.test(url))
  if (urls.length === 0)
    items.push({
      words: 'The List-Unsubscribe header is missing, so mail clients show no unsubscribe button.',
      detail: 'Gmail and Yahoo want it of everyone who sends many letters.',
      result: 'bad',
    })
  else if (web.length === 0) items.push({ words: 'List-Unsubscribe holds no https address, so no client can unsubscribe by one click.', result: 'warn' })
  else if (!web.some((url) => /^https:/i.test(url)))
    items.push(
      web.some(isLoopback)
        ? { words: 'The unsubscribe address is on this machine. Before letters go out, set publicUrl to an https address.', result: 'note' }
        : { words: 'The unsubscribe address is not https; Gmail and Yahoo want https.', detail: 'Set publicUrl to an https address.', result: 'bad' },
    )
  if (web.length > 0 && !/^\s*List-Unsubscribe=One-Click\s*$/i.test(header('list-unsubscribe-post')))
    items.push({ words: 'The List-Unsubscribe-Post header is missing, so that the button opens a page and does not unsubscribe at once.', result: 'bad' })
  if (!hasVisibleLink(letter, urls))
    items.push({
      words: 'There is no unsubscribe link to be seen in the letter.',
      detail: 'Whoever finds none presses “spam” instead, which harms all later letters.',
      result: 'bad',
    })
  const result = gravest(items)
  return {
    id: 'unsubscribe',
    title: 'Unsubscribing',
    result,
    words:
      result === 'good' || result === 'note'
        ? 'One click unsubscribes, in the letter and by the mail program’s own button.'
        : 'Unsubscribing is harder than Gmail and Yahoo allow, which brings letters into the spam folder.',
    items,
  }
}

export function isLoopback(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? ''
  return host === 'localhost' || host.endsWith('.localhost') || /^127\.|^\[::1\]$/.test(host)
}

/** By its address, else by its words in languages that shops write in. */
function hasVisibleLink({ elements }: Reading, urls: readonly string[]): boolean {
  return elements.some((element) => {
    if (element.name !== 'a' || isHidden(element)) return false
    const href = attribute(element, 'href') ?? ''
    const words = innerWords(element)
    return href !== '' && words !== '' && (urls.includes(href) || leaving.test(`${href} ${words}`))
  })
}

const leaving =
  /unsubscri|opt[- ]?out|abmeld|abbestell|désabonn|desabonn|désinscri|darse de baja|cancelar (la )?suscrip|disiscri|annulla iscri|afmelden|uitschrijv|avregistrer|avprenumer|afmeld|wypisz|odhlásit/i
