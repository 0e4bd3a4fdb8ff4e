/** Is the domain ready to send? What the doctor found, and the records to add, to be copied one by one. */
import type { TargetedSubmitEvent } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { DnsRecord, DoctorCheck, DoctorReport, DoctorState } from '../../studio/api-doctor.ts'
import { withQuery } from '../ask.ts'
import { useAsk, useNow } from '../hooks.ts'
import { Fault, Spinner, Time } from '../parts/basics.tsx'
import { isOwner } from '../session.ts'
import '../styles/doctor.css'

const words: Record<DoctorState, string> = { ok: 'in order', warn: 'look at it', bad: 'to mend', unknown: 'not found out' }
const tints: Record<DoctorState, string> = { ok: 'good', warn: 'warn', bad: 'bad', unknown: '' }

/** Ready is only what was looked at whole. */
function verdictOf({ state, checks }: DoctorReport): [tint: string, words: string] {
  if (state === 'bad') return ['bad', 'Not ready yet']
  if (checks.some((check) => check.state === 'unknown')) return ['', 'Not all could be found out']
  if (!checks.some(({ id }) => id === 'spf')) return ['warn', 'Not set up to send yet']
  return state === 'ok' ? ['good', 'Ready to send'] : ['warn', 'Ready, with something to look at']
}

export function Doctor() {
  const [asked, setAsked] = useState({ domain: '', selector: '', ip: '' })
  const report = useAsk<DoctorReport>(isOwner() ? withQuery('doctor', asked) : null)
  return (
    <section class="card doctor" aria-labelledby="doctor-title">
      <header>
        <h2 id="doctor-title">Is my domain ready?</h2>
        <span class="soft small">What Gmail, Yahoo and Microsoft look for, and the record to add where it is missing.</span>
      </header>
      {!isOwner() && <p class="body soft">Only owners ask this: it makes the server ask the DNS of others.</p>}
      {isOwner() && <Ask onAsk={setAsked} busy={report.loading} />}
      {report.fault && (
        <div class="body">
          <Fault fault={report.fault} again={report.again} />
        </div>
      )}
      {isOwner() && report.value === null && !report.fault && <Spinner what="Asking the DNS" />}
      {report.value !== null && <Report report={report.value} />}
    </section>
  )
}

function Ask({ onAsk, busy }: { onAsk: (asked: { domain: string; selector: string; ip: string }) => void; busy: boolean }) {
  const ask = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const text = (name: string) => String(data.get(name) ?? '').trim()
    onAsk({ domain: text('domain'), selector: text('selector'), ip: text('ip') })
  }
  return (
    <form class="body ask" onSubmit={ask}>
      <Asked name="domain" label="Domain" hint="the one in From" />
      <Asked name="selector" label="DKIM selector" hint="the one set, or beckon" />
      <Asked name="ip" label="Sending address" hint="an IP, where known" />
      <button class="button" type="submit" disabled={busy}>
        {busy ? 'Looking…' : 'Look'}
      </button>
    </form>
  )
}

const Asked = ({ name, label, hint }: { name: string; label: string; hint: string }) => (
  <div class="field">
    <label for={`doctor-${name}`}>{label}</label>
    <input id={`doctor-${name}`} name={name} placeholder={hint} autoComplete="off" autoCapitalize="none" spellcheck={false} maxLength={253} />
  </div>
)

function Report({ report }: { report: DoctorReport }) {
  const { domain, at, checks } = report
  const now = useNow(30_000)
  const open = checks.filter((check) => check.state !== 'ok')
  const [tint, verdict] = verdictOf(report)
  return (
    <>
      <p class="body verdict" role="status">
        <strong class="break">{domain}</strong>
        <span class={`chip ${tint}`}>{verdict}</span>
        <span class="soft small">
          {checks.length - open.length} of {checks.length} in order · looked at <Time at={at} now={now} relative />
        </span>
      </p>
      <ul class="checks">
        {checks.map((check) => (
          <li key={`${domain} ${check.id}`}>
            <Check check={check} />
          </li>
        ))}
      </ul>
    </>
  )
}

function Check({ check: { title, state, found, why, todo, records } }: { check: DoctorCheck }) {
  return (
    <details open={state === 'bad' || state === 'warn'}>
      <summary>
        <span class={`mark ${tints[state]}`} aria-hidden="true" />
        <span class="title">{title}</span>
        <span class={`chip ${tints[state]}`}>{words[state]}</span>
      </summary>
      <div class="told">
        {found.map((text) => (
          <p key={text} class="break">
            {text}
          </p>
        ))}
        {todo !== null && (
          <p class="break">
            <strong>To do:</strong> {todo}
          </p>
        )}
        {records.map((record) => (
          <Record key={record.type + record.name} record={record} />
        ))}
        <p class="soft small">{why}</p>
      </div>
    </details>
  )
}

function Record({ record: { name, type, value, line, instead } }: { record: DnsRecord }) {
  return (
    <dl class="record">
      <dt>Name</dt>
      <dd>
        <Copied text={name} what={`the name of the ${type} record`} />
      </dd>
      <dt>Type</dt>
      <dd>{type}</dd>
      <dt>Value</dt>
      <dd>
        <Copied text={value} what={`the value of the ${type} record`} />
        {value.length > 255 && <p class="soft small">Over 255 characters: if the form refuses it whole, take the line for a zone file, which is cut.</p>}
      </dd>
      {value.length > 255 && (
        <>
          <dt>Zone file</dt>
          <dd>
            <Copied text={line} what="the line for a zone file" />
          </dd>
        </>
      )}
      {instead.length > 0 && (
        <>
          <dt>In place of</dt>
          <dd>
            {instead.map((text) => (
              <del key={text} class="mono break">
                {text}
              </del>
            ))}
          </dd>
        </>
      )}
    </dl>
  )
}

/** A text as it is to be pasted, and a button that copies it. */
function Copied({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false)
  const shown = useRef<HTMLElement>(null)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
    } catch {
      // No right to the clipboard: the next best is to have it marked for the reader's own keys.
      if (shown.current !== null) getSelection()?.selectAllChildren(shown.current)
    }
  }
  return (
    <div class="copied">
      <code ref={shown} class="break">
        {text}
      </code>
      <button class="button small" type="button" onClick={() => void copy()}>
        {isCopied ? 'Copied' : 'Copy'}
        <span class="out-of-sight"> {what}</span>
      </button>
    </div>
  )
}
