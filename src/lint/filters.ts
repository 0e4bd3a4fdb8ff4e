/**
 * Habits of a letter that spam filters dislike. No filter tells its rules, and a sender's good name weighs more than any
 * word; this is a short list of our own, of what is known to hurt and easy to change.
 */
import { attribute, counted, gravest, innerWords, isHidden, quoted, wordsOf } from './reading.ts'
import type { Check, Finding, Reading } from './reading.ts'
import { isPixel } from './pictures.ts'

export function checkFilters(letter: Reading): Check {
  const seen = wordsOf(
    letter.texts
      .filter((text) => !isHidden(text))
      .map(({ data }) => data)
      .join(' '),
  )
  const items = [...subjectFindings(letter.subject), ...phraseFindings(`${letter.subject} ${seen}`), ...linkFindings(letter), ...bodyFindings(letter, seen)]
  const result = gravest(items)
  return {
    id: 'spam',
    title: 'Spam filters',
    result,
    words:
      items.length === 0
        ? 'Nothing in the words or links that filters are known to dislike.'
        : `${items.length === 1 ? 'One habit' : `${items.length} habits`} that filters dislike. None decides alone; together with a young sender they can.`,
    items,
  }
}

function* subjectFindings(subject: string): Generator<Finding> {
  const letters = subject.replaceAll(/\P{L}/gu, '')
  const capitals = letters.replaceAll(/\P{Lu}/gu, '')
  if (letters.length >= 8 && capitals.length / letters.length > 0.7) yield { words: 'The subject shouts in capitals; write it as a sentence.', result: 'warn' }
  if (/!.*!/.test(subject)) yield { words: 'The subject has several exclamation marks; one is plenty, none is better.', result: 'warn' }
  if (/^\s*(re|fwd?|aw|wg)\s*:/i.test(subject))
    yield { words: 'The subject pretends to answer or pass on a letter; that deceives, and filters look for it.', result: 'bad' }
  if (/[$€£]{2,}|\${2,}/.test(subject)) yield { words: 'The subject has money signs in a row.', result: 'warn' }
  if (subject.trim() === '') yield { words: 'There is no subject.', result: 'bad' }
}

/** Phrases of deals too good to be true, of pressure, and of money. */
const phrases = [
  'act now', 'act immediately', 'apply now', 'be your own boss', 'best price ever', 'buy now or', 'cash bonus', 'cheap meds', 'click here', 'click below now',
  'congratulations you', 'dear friend', 'double your', 'earn extra', 'earn money', 'easy money', 'eliminate debt', 'extra cash', 'fast cash', 'free gift', 'free money',
  'free trial forever', 'get paid', 'get rich', 'guaranteed income', 'hidden charges', 'income from home', 'instant winner', 'limited time only', 'lose weight', 'lowest price ever',
  'make money', 'million dollars', 'miracle', 'money back guarantee', 'no catch', 'no cost to you', 'no questions asked', 'no strings attached', 'not spam', 'offer expires today',
  'once in a lifetime', 'one time offer', 'order now', 'pre-approved', 'risk free', 'satisfaction guaranteed', 'secret deal', 'special promotion just', 'this is not a scam', 'urgent response',
  'while supplies last', 'winner', 'work from home', 'you have been selected', 'you have won', 'your last chance', '100% free', '100 % free', 'viagra', 'casino',
] // prettier-ignore
const phrase = new RegExp(`(?<![\\p{L}\\d])(?:${phrases.join('|')})(?![\\p{L}\\d])`, 'giu')

function* phraseFindings(text: string): Generator<Finding> {
  const found = new Map<string, number>()
  for (const [words] of text.replaceAll('-', ' ').matchAll(phrase)) found.set(words.toLowerCase(), (found.get(words.toLowerCase()) ?? 0) + 1)
  const result = found.size >= 3 ? 'warn' : 'note'
  for (const [words, times] of found)
    yield { words: `It says ${quoted(words)}${times > 1 ? ` ${times} times` : ''}; say what it is in your own plain words.`, result }
}

/** Words that look like an address, on a link that leads to another one: the first thing that phishing does. */
function* linkFindings({ elements, destinations }: Reading): Generator<Finding> {
  for (const element of elements) {
    if (element.name !== 'a') continue
    const words = innerWords(element)
    const shown = /^(?:https?:\/\/)?(?:www\.)?((?:[a-z\d-]+\.)+[a-z]{2,})(?:[/?#:]\S*)?$/i.exec(words)?.[1]?.toLowerCase()
    const href = attribute(element, 'href') ?? ''
    const to = URL.parse(destinations[href] ?? href)
    if (shown === undefined || to === null || !/^https?:$/.test(to.protocol)) continue
    const host = to.hostname.toLowerCase().replace(/^www\./, '')
    if (host !== shown && !host.endsWith(`.${shown}`) && !shown.endsWith(`.${host}`))
      yield { words: `The link says ${quoted(words)} and leads to ${host}; filters take that for phishing. Use words, or the true address.`, result: 'bad' }
  }
}

function* bodyFindings(letter: Reading, seen: string): Generator<Finding> {
  const marks = seen.match(/!/g)?.length ?? 0
  if (marks > marksMax) yield { words: `${marks} exclamation marks in the letter; a calm voice reads better, too.`, result: 'note' }
  const pictures = letter.elements.filter((element) => element.name === 'img' && !isPixel(element)).length
  if (pictures > 0 && seen.length < wordsMin)
    yield {
      words: `Almost all of it is ${pictures === 1 ? 'a picture' : 'pictures'} (${counted(seen.length, 'letter')} of text). Filters cannot read pictures and distrust letters made of them: say it in words.`,
      result: 'warn',
    }
  if (wordsOf(letter.text) === '') yield { words: 'It has no part in plain text, which letters of real people have.', result: 'warn' }
}

const marksMax = 4
const wordsMin = 100
