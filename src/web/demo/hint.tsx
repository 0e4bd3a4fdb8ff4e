/** Three steps for whoever comes here first; each is ticked off as it is done. */
import { useStore } from '../hooks.ts'
import type { DemoLetter } from './backend.ts'
import { openLetter } from './mailbox.tsx'
import { scene, wantSkip } from './moves.ts'
import { change, visitor } from './visitor.ts'

export function Hint({ letters }: { letters: DemoLetter[] | null }) {
  const { lines, read, isHintClosed } = useStore(visitor, (context) => context)
  const isSkipping = useStore(scene, (context) => context.isSkipping)
  if (isHintClosed) return null
  const newest = letters?.[0]
  const done = [lines.length > 0 || newest !== undefined, newest !== undefined, read.length > 0] as const
  const step = done.indexOf(false)
  if (step === -1) return <Onward />
  return (
    <section class="hint card" aria-label="How to begin">
      <ol>
        <li class={tone(0, step)}>
          <span>Put something in the cart</span>
        </li>
        <li class={tone(1, step)}>
          {step === 1 ? (
            <button type="button" class="button small strong" disabled={isSkipping} onClick={() => wantSkip(45 * 60_000)}>
              Skip 45 minutes
            </button>
          ) : (
            <span>Skip 45 minutes</span>
          )}
        </li>
        <li class={tone(2, step)}>
          {step === 2 && newest ? (
            <button type="button" class="button small strong" onClick={() => openLetter(newest)}>
              Look at your letter
            </button>
          ) : (
            <span>Look at your letter</span>
          )}
        </li>
      </ol>
      <Close />
    </section>
  )
}

const close = () => change({ isHintClosed: true })
const tone = (n: number, step: number) => (n < step ? 'done' : n === step ? 'now' : '')

const Onward = () => (
  <section class="hint card" aria-label="How to go on">
    <p>
      <strong>That is all there is to it.</strong> <span class="soft">Skip on and see what comes next, place an order, or ask in the letter why it came.</span>
    </p>
    <Close />
  </section>
)

const Close = () => (
  <button type="button" class="button quiet small" aria-label="Close these steps" onClick={close}>
    ✕
  </button>
)
