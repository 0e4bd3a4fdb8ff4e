/** Whether pictures say in words what they show, for those who cannot see them or whose client does not load them. */
import { around, attribute, counted, gravest, innerWords, quoted, wordsOf } from './reading.ts'
import type { Check, Element, Finding, Reading } from './reading.ts'

export function checkPictures(letter: Reading): Check {
  const pictures = letter.elements.filter(({ name }) => name === 'img')
  const shown = pictures.filter((picture) => !isPixel(picture))
  const items = pictures.flatMap((picture) => findingOf(picture) ?? [])
  return { id: 'alt', title: 'Pictures', result: gravest(items), words: summary(shown.length, items), items }
}

function summary(pictures: number, items: readonly Finding[]): string {
  if (items.length > 0)
    return `${counted(items.length, 'picture')} ${items.length === 1 ? 'says' : 'say'} too little in words. Many clients hide pictures at first, and some people listen to letters: give each an alt text that says what it shows.`
  if (pictures === 0) return 'There are no pictures that would need words.'
  return pictures === 1 ? 'The picture has words that say what it shows.' : `All ${pictures} pictures have words that say what they show.`
}

function findingOf(picture: Element): Finding | null {
  const alt = attribute(picture, 'alt')
  const name = quoted(nameOf(attribute(picture, 'src') ?? ''), 80)
  if (isPixel(picture))
    return alt === undefined
      ? { words: 'An invisible picture has no alt attribute; give it an empty one, else its address is read out.', result: 'note' }
      : null
  if (alt === undefined) return { words: `${name} has no alt text.`, result: 'warn' }
  if (wordsOf(alt) === '') {
    const link = [...around(picture)].find((element) => element.name === 'a')
    return link !== undefined && innerWords(link) === ''
      ? { words: `${name} is a link without a word: nobody who cannot see it knows where it leads.`, result: 'warn' }
      : null
  }
  if (/^[\w-]+\.(?:jpe?g|png|gif|webp|svg|avif)$/i.test(alt.trim()))
    return { words: `${name}: its alt text ${quoted(alt)} is a file name; say what it shows.`, result: 'note' }
  return null
}

const nameOf = (src: string): string =>
  src.startsWith('data:') ? 'a picture written into the letter' : (/([^/?#]+)(?:[?#].*)?$/.exec(src)?.[1] ?? 'a picture without address')

/** A picture that nobody sees, such as the one that tells of an open. */
export function isPixel(picture: Element): boolean {
  const size = (side: string) =>
    Number.parseFloat(attribute(picture, side) ?? new RegExp(`(?:^|;)\\s*${side}\\s*:\\s*([\\d.]+)px`).exec(attribute(picture, 'style') ?? '')?.[1] ?? 'NaN')
  return size('width') <= 1 || size('height') <= 1
}
