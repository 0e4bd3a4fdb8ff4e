/** The studio's doors: signing in, and setting up by a link that is good once. */
import type { ComponentChildren, TargetedSubmitEvent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Me } from '../../studio/api.ts'
import { tell } from '../ask.ts'
import { useStore, useTitle } from '../hooks.ts'
import { Field, spoken, useCountdown } from '../parts/field.tsx'
import type { Spoken } from '../parts/field.tsx'
import { go, place } from '../router.ts'
import { meet, session } from '../session.ts'
import '../styles/access.css'

export function SignIn(_: { params: string[] }) {
  const path = useStore(place, ({ path }) => path)
  const me = useStore(session, ({ me }) => me)
  const isSetUp = path === '/set-up'
  useTitle(isSetUp ? 'Set up' : 'Sign in')
  if (me?.open || (me?.role && !isSetUp)) return <Inside me={me} />
  return isSetUp ? <SetUp shop={me?.shop.name ?? ''} /> : <Returning shop={me?.shop.name ?? ''} />
}

function Inside({ me }: { me: Me }) {
  return (
    <Door title={me.open ? 'Nobody signs in here' : `You are in, ${me.name}`}>
      <p class="soft">
        {me.open ? 'This server is open to its own machine only: whoever uses this machine may use the studio.' : `You are signed in as ${me.role}.`}
      </p>
      <a class="button strong" href="/studio">
        Go to the studio
      </a>
    </Door>
  )
}

function Returning({ shop }: { shop: string }) {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const form = useForm('sign-in', { name: 'The name', password: 'The password' })
  const submit = () => {
    if (name.trim() === '') return form.say('name', 'Type your name.')
    if (password === '') return form.say('password', 'Type your password.')
    void form.send({ name, password })
  }
  return (
    <Door title="Sign in" about={shop}>
      <Form form={form} submit={submit} yes="Sign in">
        <Field name="name" label="Name" value={name} onChange={setName} autoComplete="username" fault={form.faultOf('name')} isFirst />
        <Field
          name="password"
          label="Password"
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
          fault={form.faultOf('password')}
          isSecret
        />
      </Form>
    </Door>
  )
}

function SetUp({ shop }: { shop: string }) {
  const [token] = useState(() => new URLSearchParams(location.hash.slice(1)).get('token') ?? '')
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const form = useForm('set-up', { name: 'The name', password: 'The password' })
  // The secret does not stay in the address bar, where a screen shot or the history would keep it.
  useEffect(() => {
    if (location.hash !== '') history.replaceState(null, '', location.pathname)
  }, [])
  const submit = () => {
    if (name.trim() === '') return form.say('name', 'Say how you are called.')
    if (Array.from(password).length < 10) return form.say('password', 'The password has fewer than 10 characters.')
    void form.send({ token, name, password })
  }
  if (token === '')
    return (
      <Door title="This link is not whole">
        <p class="soft">Open it once more, with all that stands behind the #, as the server printed it or as it was given to you.</p>
        <a class="button" href="/studio/sign-in">
          Sign in instead
        </a>
      </Door>
    )
  return (
    <Door title="Welcome" about={shop}>
      <p class="soft">Choose how you are called here, and a password. This link is good once.</p>
      <Form form={form} submit={submit} yes="Come in">
        <Field name="name" label="Name" value={name} onChange={setName} autoComplete="username" fault={form.faultOf('name')} isFirst />
        <Field
          name="password"
          label="Password"
          value={password}
          onChange={setPassword}
          autoComplete="new-password"
          fault={form.faultOf('password')}
          hint="At least 10 characters. A few words of your own are easy to remember."
          isSecret
        />
      </Form>
    </Door>
  )
}

type FormState = ReturnType<typeof useForm>

function useForm(path: 'sign-in' | 'set-up', fields: Record<string, string>) {
  const [said, setSaid] = useState<Spoken | null>(null)
  const [busy, setBusy] = useState(false)
  const waitS = useCountdown(said?.waitS ?? 0, said)
  return {
    said,
    busy,
    waitS,
    faultOf: (field: string) => (said?.field === field ? said.words : null),
    say: (field: string, words: string) => setSaid({ field, words, waitS: 0 }),
    async send(body: object) {
      setBusy(true)
      setSaid(null)
      try {
        await tell<Me>(path, body)
        await meet()
        if (session.get().context.me?.role) return enter()
        setSaid({ field: null, words: 'That was right, but this browser kept no cookie: the studio needs an https address in BECKON_PUBLIC_URL.', waitS: 0 })
      } catch (fault) {
        setSaid(spoken(fault as Error, fields))
      }
      setBusy(false)
    },
  }
}

/** Whoever was on their way to a page goes on there. */
function enter() {
  if (/^\/(sign-in|set-up)$/.test(place.get().context.path)) go('/studio', true)
}

function Form({ form, submit, yes, children }: { form: FormState; submit: () => void; yes: string; children: ComponentChildren }) {
  const { said, busy, waitS } = form
  const waits = busy || waitS > 0
  const onSubmit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (!waits) submit()
  }
  return (
    <form noValidate onSubmit={onSubmit}>
      {children}
      {said !== null && said.field === null && (
        <p class="notice bad" role="alert">
          {said.words}
        </p>
      )}
      <button class="button strong" type="submit" aria-disabled={waits}>
        {waitS > 0 ? <span class="numbers">Wait {waitS} s</span> : busy ? 'One moment …' : yes}
      </button>
    </form>
  )
}

function Door({ title, about, children }: { title: string; about?: string; children: ComponentChildren }) {
  return (
    <main class="door">
      <p class="door-brand">
        <img src={new URL('../icon.svg', import.meta.url).href} alt="" width="30" height="30" /> Beckon
      </p>
      <section class="card" aria-labelledby="door-title">
        <h1 id="door-title">{title}</h1>
        {about && <p class="soft">{about}</p>}
        {children}
      </section>
    </main>
  )
}
