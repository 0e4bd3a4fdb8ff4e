/**
 * Questions about letters, answered from the outbox alone: the list, one letter with its checks, and what a frame shows
 * of it. Read-only, so that they can be asked in a thread of their own.
 */
import PostalMime from 'postal-mime'
import type { Email } from 'postal-mime'
import type { LetterRule } from '../kit/letter-rule.ts'
import { decisionWords } from '../lab/reasons.ts'
import { lintLetter } from '../lint/lint.ts'
import { destinationsOf, linksOf, toShown } from '../lint/shown.ts'
import type { LetterData } from '../mail/view.ts'
import type { StoredLetter } from '../store/letters.ts'
import type { Store } from '../store/store.ts'
import type { RecommendedLine } from './api-catalogue.ts'
import { cameBack } from './bounce-questions.ts'
import type { LetterList, LetterPage, LetterRow, LetterState } from './api.ts'

type Unknown = { refused: 'letter.unknown' }
type Options = { store: Pick<Store, 'letters' | 'decisions' | 'bounces'>; letters: Readonly<Record<string, LetterRule>> }

const states: readonly LetterState[] = ['queued', 'attempting', 'flushing', 'sent', 'deferred', 'failed', 'unknown']
const isState = (text: string): text is LetterState => (states as readonly string[]).includes(text)

export function createLetterQuestions({ store, letters: rules }: Options) {
  /** A letter with its bytes taken apart; null when there is none with this number, or it was erased. */
  async function open(id: number) {
    const letter = Number.isSafeInteger(id) ? store.letters.get(id) : undefined
    const mime = letter === undefined ? undefined : store.letters.mime(id)
    if (letter === undefined || mime === undefined) return null
    const counted = { token: letter.token, links: store.letters.links(id) }
    return { letter, mime, counted, email: await PostalMime.parse(mime) }
  }

  const rowOf = ({ token: _, messageId: __, resend: ___, ...row }: StoredLetter): LetterRow => ({
    ...row,
    variant: row.variant ?? null,
    priority: rules[row.template]?.priority ?? 'low',
  })

  return {
    /** The newest first, before the number `before`, at most `limit`; a state or template that nobody knows has none. */
    letters({ state, template, before, limit }: { state?: string; template?: string; before?: number; limit: number }): LetterList {
      const isKnown = state === undefined || isState(state)
      const found = isKnown
        ? store.letters.list({
            limit,
            ...(state === undefined ? {} : { state }),
            ...(template === undefined ? {} : { template }),
            ...(before === undefined ? {} : { before }),
          })
        : []
      return {
        letters: found.map(rowOf),
        before: found.length < limit ? null : (found.at(-1)?.id ?? null),
        counts: store.letters.counts(),
        templates: Object.keys(rules).toSorted(),
      }
    },

    /** One letter with all that is known of it. */
    async letter({ id }: { id: number }): Promise<LetterPage | Unknown> {
      const opened = await open(id)
      if (opened === null) return { refused: 'letter.unknown' }
      const { letter, mime, counted, email } = opened
      const html = email.html ?? ''
      const headers = headersOf(email)
      const decision = store.decisions.of(letter.customer).find((row) => row.id === id)
      return {
        ...rowOf(letter),
        messageId: letter.messageId,
        cameBack: cameBack(store.bounces, id),
        sizeBytes: mime.length,
        headers,
        text: email.text ?? '',
        links: linksOf(html, counted),
        checks: lintLetter({
          subject: letter.subject,
          html,
          text: email.text ?? '',
          headers,
          sizeBytes: mime.length,
          destinations: destinationsOf(html, counted),
        }),
        recommended: recommendedIn(store.letters.frozen(id)?.data),
        words: decision === undefined ? 'how it was decided is not on record' : decisionWords(decision),
      }
    },

    /** What the sandboxed frame shows; looking at it is no open and no click. */
    async letterHtml({ id, dark }: { id: number; dark: boolean }): Promise<{ html: string } | Unknown> {
      const opened = await open(id)
      return opened === null ? { refused: 'letter.unknown' } : { html: toShown(opened.email.html ?? '', opened.counted, dark) }
    },

    /** The bytes as they go out, but for the signature of whoever carries them. */
    letterSource({ id }: { id: number }): { source: string } | Unknown {
      const mime = Number.isSafeInteger(id) ? store.letters.mime(id) : undefined
      return mime === undefined ? { refused: 'letter.unknown' } : { source: Buffer.from(mime).toString() }
    },
  }
}

/** As frozen with the letter: which step of the chain spoke for each. */
function recommendedIn(data: string | undefined): RecommendedLine[] {
  const { recommended = [], recommendedBy = [] } = JSON.parse(data ?? '{}') as Partial<LetterData>
  return recommended.map(({ id, name }, index) => ({ id, name: name ?? null, step: recommendedBy[index] ?? '' }))
}

/** With names as they stand in the letter, unfolded. */
const headersOf = (email: Email): [name: string, value: string][] => email.headers.map(({ key, originalKey, value }) => [originalKey ?? key, value])
