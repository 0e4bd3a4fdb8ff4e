/** The button by which an owner holds something, after asking, or lets it go on. */
import { useState } from 'preact/hooks'
import { tell } from '../ask.ts'
import { Confirm, Fault } from '../parts/basics.tsx'
import { isOwner } from '../session.ts'

type Held = { path: string; name: string; isHeld: boolean; words: string; again: () => void }

export function Hold({ path, name, isHeld, words, again }: Held) {
  const [isAsking, ask] = useState(false)
  const [fault, setFault] = useState<Error | null>(null)
  if (!isOwner()) return null
  const send = (act: 'hold' | 'resume') => tell(`delivery/${path}/${encodeURIComponent(name)}/${act}`).then(again)
  if (isHeld)
    return (
      <>
        {fault && <Fault fault={fault} />}
        <button type="button" class="button small" aria-label={`Resume ${name}`} onClick={() => void send('resume').catch(setFault)}>
          Resume
        </button>
      </>
    )
  return (
    <>
      <button type="button" class="button quiet small" aria-label={`Hold ${name}`} onClick={() => ask(true)}>
        Hold
      </button>
      {isAsking && (
        <Confirm title={`Hold ${name}?`} yes="Hold" onYes={() => send('hold')} onClose={() => ask(false)}>
          <p>{words} Letters under way end as they would. This is written into the audit log.</p>
        </Confirm>
      )}
    </>
  )
}
