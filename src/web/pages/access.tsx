/** Who has access, one's own password, and what people did. */
import type { TargetedSubmitEvent } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { Me, Person, Role } from '../../studio/api.ts'
import { tell } from '../ask.ts'
import { useAsk, useNow, useStore, useTitle } from '../hooks.ts'
import { AuditLog, useAudit } from '../parts/audit-log.tsx'
import { Confirm, Fault, Spinner, Time } from '../parts/basics.tsx'
import { Field, spoken, useCountdown } from '../parts/field.tsx'
import type { Spoken } from '../parts/field.tsx'
import { session } from '../session.ts'
import { dayOf, when } from '../words.ts'
import '../styles/access.css'

const dayMs = 86_400_000

export function Access(_: { params: string[] }) {
  useTitle('Access')
  const me = useStore(session, ({ me }) => me)
  const people = useAsk<Person[]>('people')
  const audit = useAudit()
  if (me === null) return <Spinner what="Asking who you are" />
  const again = () => {
    people.again()
    audit.again()
  }
  return (
    <>
      <header>
        <h1>Access</h1>
      </header>
      <div class={`access ${me.open ? 'open' : ''}`}>
        <div class="stack">
          {me.open && <Open />}
          {people.fault && <Fault fault={people.fault} again={people.again} />}
          {people.value === null && !people.fault && <Spinner what="Asking who has access" />}
          {people.value !== null && (!me.open || people.value.length > 0) && <People me={me} people={people.value} again={again} />}
        </div>
        {!me.open && (
          <div class="stack own">
            <You me={me} />
            {me.role === 'owner' && <Invite again={audit.again} />}
          </div>
        )}
        <AuditLog audit={audit} />
      </div>
    </>
  )
}

function Open() {
  return (
    <section class="card" aria-labelledby="open-title">
      <header>
        <h2 id="open-title">Nobody signs in</h2>
      </header>
      <div class="body prose">
        <p>This server can be reached from its own machine only, so whoever uses this machine is an owner here.</p>
        <p>
          To let others in, put https in front of it and start it with the address that people will use. It then prints a link, good once and for a day, that
          makes the first owner.
        </p>
        <pre class="sample">BECKON_PUBLIC_URL=https://beckon.your-shop.com npm start</pre>
      </div>
    </section>
  )
}

function People({ me, people, again }: { me: Me; people: Person[]; again: () => void }) {
  const now = useNow(30_000)
  const [leaving, setLeaving] = useState<Person | null>(null)
  const owners = people.filter(({ role }) => role === 'owner').length
  const remove = async ({ id, name }: Person) => {
    await tell(`people/${id}`, {}, 'DELETE')
    if (name === me.name) location.assign('/studio')
    else again()
  }
  return (
    <section class="card" aria-labelledby="people-title">
      <header>
        <h2 id="people-title">People</h2>
        <span class="soft small">{me.open ? 'They sign in once the server has a public address.' : 'Owners change things, readers look.'}</span>
      </header>
      <ul class="people">
        {people.map((person) => (
          <li key={person.id}>
            <span class="initial" aria-hidden="true">
              {Array.from(person.name)[0]}
            </span>
            <div class="who">
              <p>
                <strong class="break">{person.name}</strong> {person.name === me.name && <span class="soft">(you)</span>} <RoleChip role={person.role} />
              </p>
              <p class="soft small">
                since {dayOf(person.at)}
                {person.seenAt !== null && (
                  <>
                    {' · last seen '}
                    <Time at={person.seenAt} now={now} relative />
                  </>
                )}
              </p>
            </div>
            {me.role === 'owner' && (me.open || person.role === 'reader' || owners > 1) && (
              <button class="button small" type="button" onClick={() => setLeaving(person)} aria-label={`Remove ${person.name}`}>
                Remove
              </button>
            )}
          </li>
        ))}
      </ul>
      {leaving && (
        <Confirm title={`Remove ${leaving.name}?`} yes="Remove" bad onYes={() => remove(leaving)} onClose={() => setLeaving(null)}>
          <p>
            {leaving.name === me.name ? 'You are signed out at once, everywhere.' : 'They are signed out at once, everywhere.'} What they did stays in the log.
          </p>
          {me.open && people.length === 1 && <p>Nobody is left then: the next start with a public address prints a link for a new owner.</p>}
        </Confirm>
      )}
    </section>
  )
}

const RoleChip = ({ role }: { role: Role }) => <span class={`chip ${role === 'owner' ? 'good' : ''}`}>{role}</span>

const roles: [Role, string][] = [
  ['reader', 'looks at everything, changes nothing'],
  ['owner', 'changes everything, and invites others'],
]

function Invite({ again }: { again: () => void }) {
  const now = useNow(30_000)
  const [role, setRole] = useState<Role>('reader')
  const [made, setMade] = useState<{ link: string; role: Role; until: number } | null>(null)
  const [fault, setFault] = useState<Error | null>(null)
  const [isCopied, setCopied] = useState(false)
  const shown = useRef<HTMLInputElement>(null)
  const make = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    try {
      const { link } = await tell<{ link: string }>('people', { role })
      setMade({ link, role, until: Date.now() + dayMs })
      setFault(null)
      setCopied(false)
      again()
    } catch (error) {
      setFault(error as Error)
    }
  }
  const copy = async (link: string) => {
    try {
      await navigator.clipboard.writeText(link)
      setCopied(true)
    } catch {
      // No right to the clipboard: the next best is to have it marked for the reader's own keys.
      shown.current?.select()
    }
  }
  return (
    <section class="card" aria-labelledby="invite-title">
      <header>
        <h2 id="invite-title">Invite somebody</h2>
      </header>
      <form class="body" onSubmit={(event) => void make(event)}>
        <fieldset>
          <legend class="label">As</legend>
          {roles.map(([id, words]) => (
            <label key={id} class="choice">
              <input type="radio" name="role" value={id} checked={role === id} onChange={() => setRole(id)} />
              <span>
                <strong>{id}</strong> <span class="soft small">{words}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {fault && <Fault fault={fault} />}
        <button class="button" type="submit">
          Make a link
        </button>
        {made !== null && (
          <div class="made" role="status">
            <label class="label" for="link">
              For one new {made.role}, once, until {when(made.until, now)}
            </label>
            <div class="typed">
              <input ref={shown} id="link" class="mono" readOnly value={made.link} onFocus={(event) => event.currentTarget.select()} />
              <button class="button small" type="button" onClick={() => void copy(made.link)}>
                {isCopied ? 'Copied' : 'Copy'}
              </button>
            </div>
            <p class="soft small">It is shown now and never again. Whoever opens it first comes in.</p>
          </div>
        )}
      </form>
    </section>
  )
}

function You({ me }: { me: Me }) {
  const [isChanging, setChanging] = useState(false)
  const [isChanged, setChanged] = useState(false)
  const [fault, setFault] = useState<Error | null>(null)
  // A new page, so that nothing of what was seen stays in memory and the live feed ends.
  const leave = () => tell('sign-out').then(() => location.assign('/studio'), setFault)
  return (
    <section class="card" aria-labelledby="you-title">
      <header>
        <h2 id="you-title">You</h2>
      </header>
      <div class="body stack">
        <p>
          <strong class="break">{me.name}</strong> <RoleChip role={me.role ?? 'reader'} />
        </p>
        {fault && <Fault fault={fault} />}
        {isChanged && (
          <p class="small" role="status">
            Your password is changed. You are signed out everywhere but here.
          </p>
        )}
        {isChanging ? (
          <ChangePassword
            name={me.name ?? ''}
            onDone={(changed) => {
              setChanging(false)
              setChanged(changed)
            }}
          />
        ) : (
          <div class="row">
            <button class="button" type="button" onClick={() => setChanging(true)}>
              Change password
            </button>
            <button class="button" type="button" onClick={() => void leave()}>
              Sign out
            </button>
          </div>
        )}
      </div>
    </section>
  )
}

function ChangePassword({ name, onDone }: { name: string; onDone: (changed: boolean) => void }) {
  const [old, setOld] = useState('')
  const [fresh, setFresh] = useState('')
  const [said, setSaid] = useState<Spoken | null>(null)
  const [busy, setBusy] = useState(false)
  const waitS = useCountdown(said?.waitS ?? 0, said)
  const waits = busy || waitS > 0
  const faultOf = (field: string) => (said?.field === field ? said.words : null)
  const send = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (waits) return
    setBusy(true)
    setSaid(null)
    try {
      await tell('password', { old, new: fresh })
      onDone(true)
    } catch (error) {
      setSaid(spoken(error as Error, { old: 'This', password: 'The new password' }))
      setBusy(false)
    }
  }
  return (
    <form noValidate onSubmit={(event) => void send(event)}>
      <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
      <Field name="old" label="Old password" value={old} onChange={setOld} autoComplete="current-password" fault={faultOf('old')} isSecret isFirst />
      <Field
        name="new"
        label="New password"
        value={fresh}
        onChange={setFresh}
        autoComplete="new-password"
        fault={faultOf('password')}
        hint="At least 10 characters."
        isSecret
      />
      {said !== null && said.field === null && (
        <p class="notice bad" role="alert">
          {said.words}
        </p>
      )}
      <div class="row">
        <button class="button strong" type="submit" aria-disabled={waits}>
          {waitS > 0 ? <span class="numbers">Wait {waitS} s</span> : 'Change password'}
        </button>
        <button class="button quiet" type="button" onClick={() => onDone(false)}>
          Cancel
        </button>
      </div>
    </form>
  )
}
