/** Small parts of the demo shop. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Fault } from '../parts/basics.tsx'
import { useStore } from '../hooks.ts'
import { shop } from './backend.ts'
import { enter, scene } from './moves.ts'
import { money } from '../words.ts'
import { Icon } from '../parts/icons.tsx'

export const price = (amount: number) => money(amount, shop().currency)

export const LeafMark = () => (
  <Icon box={24} size={22}>
    <path d="M12 22V9M12 14c-4.500 0-7-2.500-7-7 4.500 0 7 2.500 7 7ZM12 11c0-4.500 2.500-7 7-7 0 4.500-2.500 7-7 7Z" />
  </Icon>
)

export const BagIcon = () => (
  <Icon>
    <path d="M3.500 6.500h13l-.9 10a1.200 1.200 0 0 1-1.200 1H5.600a1.200 1.200 0 0 1-1.200-1zM7 9V5.500a3 3 0 0 1 6 0V9" />
  </Icon>
)

/** What just happened, in a sentence that goes away. */
export function Said() {
  const said = useStore(scene, (context) => context.said)
  useEffect(() => {
    if (said === null) return
    const timer = setTimeout(() => scene.trigger.hush(), 4_500)
    return () => clearTimeout(timer)
  }, [said])
  return (
    <div class="said" role="status">
      {said && <div key={said.n}>{said.words}</div>}
    </div>
  )
}

const suggestions = ['Robin', 'Alex', 'Sam', 'Kim', 'Jo']

/** Who the visitor is. Without an answer the shop has no address to write to. */
export function WhoDialog() {
  const asking = useStore(scene, (context) => context.asking)
  return asking === null ? null : <Who next={asking.next} />
}

function Who({ next }: { next: (() => void) | null }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [name, setName] = useState(() => suggestions[Math.floor(Math.random() * suggestions.length)]!)
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<Error | null>(null)
  useEffect(() => {
    dialog.current?.showModal()
    dialog.current?.querySelector('input')?.select()
  }, [])
  const close = () => scene.trigger.answered()
  const send = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      await enter(name)
      close()
      next?.()
    } catch (error) {
      setFault(error as Error)
      setBusy(false)
    }
  }
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="who-title" class="who">
      <form onSubmit={(event) => void send(event)}>
        <h2 id="who-title">Tell the shop who you are</h2>
        <p class="soft">
          {next === null ? 'So that it may write to you.' : 'Before time passes: without an address no letter can come.'} Your first name will do. The shop
          makes up an address for you, and every letter stays in the mailbox on this page; none leaves this machine.
        </p>
        <div class="field">
          <label for="first-name">First name</label>
          <input id="first-name" value={name} maxLength={40} required autoComplete="off" onInput={(event) => setName(event.currentTarget.value)} />
        </div>
        {fault && <Fault fault={fault} />}
        <div class="actions">
          {next !== null && (
            <button
              class="button quiet"
              type="button"
              onClick={() => {
                close()
                next()
              }}
            >
              Stay a stranger
            </button>
          )}
          <button class="button strong" type="submit" disabled={busy || name.trim() === ''}>
            That’s me
          </button>
        </div>
      </form>
    </dialog>
  )
}
