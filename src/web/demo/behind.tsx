/** Behind the scenes: what Beckon makes of the visitor, beside the shop on wide screens and in a sheet from below on narrow ones. */
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { useNow, useStore } from '../hooks.ts'
import { session } from '../session.ts'
import { duration, when } from '../words.ts'
import type { DemoLetter } from './backend.ts'
import { Machine } from './machine.tsx'
import { shopSteps, SkipTime } from './life.tsx'
import type { Life } from './life.tsx'
import { Mailbox } from './mailbox.tsx'
import { scene, wantSkip } from './moves.ts'
import { startOver, visitor } from './visitor.ts'

type Props = { life: Life; letters: DemoLetter[] | null; mayLook: boolean }

export function Behind({ life, letters, mayLook }: Props) {
  const { isPanelOpen, isSkipping } = useStore(scene, (context) => context)
  const read = useStore(visitor, (context) => context.read)
  const fresh = letters?.filter(({ id }) => !read.includes(id)).length ?? 0
  useEffect(() => {
    const close = ({ key }: KeyboardEvent) => key === 'Escape' && document.querySelector('dialog[open]') === null && scene.trigger.panel({ open: false })
    addEventListener('keydown', close)
    return () => removeEventListener('keydown', close)
  }, [])
  return (
    <aside class={`behind${isPanelOpen ? ' open' : ''}`} aria-label="Behind the scenes">
      <button type="button" class="handle" aria-expanded={isPanelOpen} aria-controls="behind" onClick={() => scene.trigger.panel({ open: !isPanelOpen })}>
        <span>Behind the scenes</span>
        {fresh > 0 ? (
          <span class="chip good">{fresh === 1 ? '1 letter' : `${fresh} letters`}</span>
        ) : (
          <span class="soft small">skip time, see your machine</span>
        )}
        <span class="arrow" aria-hidden="true" />
      </button>
      <div class="inside" id="behind">
        <h2 class="title">Behind the scenes</h2>
        <Who lead={life.lead} mayLook={mayLook} />
        <Part title="Skip time">
          <SkipTime steps={shopSteps} busy={isSkipping} onSkip={wantSkip} />
        </Part>
        <Part title="Your mailbox" aside={fresh > 0 ? <span class="chip good">{fresh} new</span> : null}>
          <Mailbox letters={letters} lead={life.lead} />
        </Part>
        <Part title="Your machine" aside={<Latest life={life} />}>
          {mayLook ? <Machine life={life} /> : <NoLook />}
        </Part>
        <button type="button" class="button quiet small over" onClick={startOver}>
          Start over as somebody new
        </button>
      </div>
    </aside>
  )
}

const Part = ({ title, aside, children }: { title: string; aside?: ComponentChildren; children: ComponentChildren }) => (
  <section>
    <div class="part">
      <h3>{title}</h3>
      {aside}
    </div>
    {children}
  </section>
)

/** What came last, with its name; drawn anew each time so that it can be seen to arrive. */
const Latest = ({ life }: { life: Life }) => (
  <span class="small soft latest" role="status">
    {life.turns[0] && <span key={life.beat}>{life.turns[0].name}</span>}
  </span>
)

function Who({ lead, mayLook }: { lead: number; mayLook: boolean }) {
  const { firstName, email, customer } = useStore(visitor, (context) => context)
  const now = useNow()
  return (
    <section class="who-am-i">
      <div class="row">
        <strong>{firstName ?? 'A stranger'}</strong>
        {firstName === null ? (
          <button type="button" class="button small" onClick={() => scene.trigger.ask({ next: null })}>
            Say who you are
          </button>
        ) : (
          mayLook &&
          customer !== null && (
            <a class="small" href={`/studio/customers/${customer}`} target="_blank">
              your life in the studio
            </a>
          )
        )}
      </div>
      {email && <p class="small soft break">{email}</p>}
      <p class="small soft numbers">
        {lead < 1_000 ? `Your clock: ${when(now, now)}` : `Your clock: ${when(now + lead, now)}, ${duration(lead)} ahead of everybody’s`}
      </p>
    </section>
  )
}

function NoLook() {
  const me = useStore(session, (context) => context.me)
  if (me !== null && me.role === null)
    return (
      <p class="soft small none">
        <a href="/studio/sign-in">Sign in to the studio</a> to see your machine here.
      </p>
    )
  return <p class="soft small none">The studio does not answer just now.</p>
}
