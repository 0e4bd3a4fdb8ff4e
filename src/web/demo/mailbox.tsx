/** The visitor's mailbox: letters as their reader gets them. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { useNow, useStore } from '../hooks.ts'
import { when } from '../words.ts'
import { askShop, shop } from './backend.ts'
import type { DemoLetter } from './backend.ts'
import { scene } from './moves.ts'
import { change, me, visitor } from './visitor.ts'

const lookMs = 15_000

/** The newest first; null: not looked yet. Looked at again when `beat` changes, and every now and then. */
export function useMailbox(customer: number | null, beat: number): DemoLetter[] | null {
  const [letters, setLetters] = useState<DemoLetter[] | null>(null)
  const mailed = useStore(scene, ({ mail }) => mail)
  useEffect(() => {
    if (customer === null) return
    let stale = false
    const look = () =>
      askShop<{ letters: DemoLetter[] }>(`mailbox?customer=${customer}`).then(
        (answer) => stale || setLetters(answer.letters),
        () => undefined,
      )
    void look()
    const timer = setInterval(() => void look(), lookMs)
    return () => {
      stale = true
      clearInterval(timer)
    }
  }, [customer, beat, mailed])
  return customer === null ? null : letters
}

export function Mailbox({ letters, lead }: { letters: DemoLetter[] | null; lead: number }) {
  const read = useStore(visitor, (context) => context.read)
  const now = useNow(30_000) + lead
  if (letters === null || letters.length === 0) return <p class="soft small none">No letter yet. Leave something in the cart and skip 45 minutes.</p>
  return (
    <ul class="mailbox">
      {letters.map((letter) => (
        <li key={letter.id}>
          <button type="button" class={read.includes(letter.id) ? '' : 'new'} onClick={() => openLetter(letter)}>
            <span class="dot" aria-hidden="true" />
            <span class="subject">
              {!read.includes(letter.id) && <span class="out-of-sight">New: </span>}
              {letter.subject}
            </span>
            <span class="small soft numbers">{when(letter.at, now)}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

export function openLetter({ id, subject, template }: Pick<DemoLetter, 'id' | 'subject' | 'template'>): void {
  if (!me().read.includes(id)) change({ read: [...me().read, id].slice(-200) })
  scene.trigger.read({ letter: { id, subject, template } })
}

/** The open letter, in a frame that can do nothing but open its links beside it. */
export function OpenLetter({ mayLook }: { mayLook: boolean }) {
  const letter = useStore(scene, (context) => context.letter)
  const customer = useStore(visitor, (context) => context.customer)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (letter !== null && dialog.current?.open === false) dialog.current.showModal()
  }, [letter])
  if (letter === null) return null
  return (
    <dialog ref={dialog} class="letter" onClose={() => scene.trigger.read({ letter: null })} aria-labelledby="letter-subject">
      <div class="head">
        <div>
          <p class="small soft">From {shop().name}</p>
          <h2 id="letter-subject">{letter.subject}</h2>
        </div>
        <button type="button" class="button quiet" aria-label="Close the letter" onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </div>
      <iframe title="The letter" src={`/demo/api/letters/${letter.id}/html`} sandbox="allow-popups allow-popups-to-escape-sandbox" />
      {mayLook && customer !== null && (
        <div class="foot">
          <a class="button small strong" href={`/studio/customers/${customer}?why=${encodeURIComponent(letter.template)}`} target="_blank">
            Why this letter?
          </a>
          <a class="button small" href={`/studio/customers/${customer}`} target="_blank">
            See your life in the studio
          </a>
        </div>
      )}
    </dialog>
  )
}
