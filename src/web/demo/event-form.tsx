/** An event to send: its name, its properties as JSON, and the same event for a developer to copy. */
import { useState } from 'preact/hooks'
import type { Chart, SandboxEvent } from '../../studio/api.ts'
import { Tabs } from '../parts/basics.tsx'
import { otherEvents, readProperties, toClientCode, toCurl, usualEvents } from './bench.ts'

type Props = { userId: string; shopUrl: string; chart: Chart | null; disabled: boolean; onSend: (event: SandboxEvent) => void }

const own = ''

export function EventForm({ userId, shopUrl, chart, disabled, onSend }: Props) {
  const usual = usualEvents(shopUrl)
  const others = otherEvents(chart, usual)
  const [chosen, setChosen] = useState('Product Added')
  const [ownName, setOwnName] = useState('')
  /** What was written for each event, so that a look at another loses nothing. */
  const [drafts, setDrafts] = useState<Record<string, string>>({})
  const event = chosen === own ? ownName : chosen
  const text = drafts[chosen] ?? JSON.stringify(usual.get(chosen) ?? {}, null, 2)
  const properties = readProperties(text)
  const fault = typeof properties === 'string' ? properties : null
  return (
    <section class="card">
      <header>
        <h2>Send an event</h2>
      </header>
      <form
        class="body stack"
        onSubmit={(submitted) => {
          submitted.preventDefault()
          if (typeof properties !== 'string' && !disabled) onSend({ event, properties })
        }}
      >
        <div class="field">
          <label for="event">Event</label>
          <select id="event" value={chosen} onChange={(changed) => setChosen(changed.currentTarget.value)}>
            <optgroup label="Usual in shops">
              {[...usual.keys()].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </optgroup>
            {others.length > 0 && (
              <optgroup label="Your machine listens to">
                {others.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </optgroup>
            )}
            <option value={own}>Another name…</option>
          </select>
        </div>
        {chosen === own && (
          <div class="field">
            <label for="own-name">Its name</label>
            <input
              id="own-name"
              required
              maxLength={128}
              value={ownName}
              placeholder="Quiz Finished"
              onInput={(typed) => setOwnName(typed.currentTarget.value)}
            />
          </div>
        )}
        <div class="field">
          <label for="properties">Properties, JSON</label>
          <textarea
            id="properties"
            rows={Math.min(14, Math.max(5, text.split('\n').length))}
            spellcheck={false}
            value={text}
            aria-invalid={fault !== null}
            aria-describedby="properties-fault"
            onInput={(typed) => setDrafts({ ...drafts, [chosen]: typed.currentTarget.value })}
          />
          <span id="properties-fault" class="small fault" role="status">
            {fault}
          </span>
        </div>
        <div class="choose">
          <button type="submit" class="button strong" disabled={disabled || fault !== null}>
            Send {event === '' ? 'it' : event}
          </button>
          {drafts[chosen] !== undefined && (
            <button
              type="button"
              class="button quiet"
              onClick={() => setDrafts(Object.fromEntries(Object.entries(drafts).filter(([name]) => name !== chosen)))}
            >
              Begin anew
            </button>
          )}
        </div>
        <Snippets userId={userId} event={event} properties={typeof properties === 'string' ? {} : properties} />
      </form>
    </section>
  )
}

function Snippets({ userId, event, properties }: { userId: string; event: string; properties: Record<string, unknown> }) {
  const [kind, setKind] = useState<'curl' | 'client'>('curl')
  const [copied, setCopied] = useState<'no' | 'yes' | 'refused'>('no')
  const code = (kind === 'curl' ? toCurl : toClientCode)(location.origin, userId, event, properties)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code)
      setCopied('yes')
    } catch {
      setCopied('refused')
    }
    setTimeout(() => setCopied('no'), 2_500)
  }
  return (
    <details class="snippets">
      <summary>The same event from your code</summary>
      <div class="row">
        <Tabs
          label="How to send it"
          value={kind}
          onChange={setKind}
          tabs={[
            ['curl', 'curl'],
            ['client', 'Client'],
          ]}
        />
        <button type="button" class="button small" onClick={() => void copy()}>
          {copied === 'yes' ? 'Copied' : copied === 'refused' ? 'Select it and copy' : 'Copy'}
        </button>
      </div>
      <pre tabIndex={0} aria-label="Code">
        {code}
      </pre>
      <p class="small soft">
        {kind === 'curl' ? (
          <>
            <code>$BECKON_SECRET</code> is a secret key: <code>beckon start</code> prints it. From a secret key, an order counts.
          </>
        ) : (
          'From a page, with the public key. A browser can claim an order, but only your server’s counts.'
        )}
      </p>
    </details>
  )
}
