/** The frame of the studio: who is looking, where they are, and the page that belongs there. Pages are fetched when first needed. */
import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Fault, Spinner } from './parts/basics.tsx'
import {
  AccessIcon,
  AuditIcon,
  BagIcon,
  ConsentIcon,
  InboxIcon,
  LiveIcon,
  MachineIcon,
  MoreIcon,
  PageIcon,
  PeopleIcon,
  ResultsIcon,
  SendIcon,
  SunIcon,
  TicketIcon,
  TryIcon,
} from './parts/icons.tsx'
import { useMedia, useStore } from './hooks.ts'
import { feed } from './live.ts'
import { place } from './router.ts'
import { meet, session, themeOf, useLight } from './session.ts'
import type { Theme } from './session.ts'
import './styles/shell.css'

type Page = ComponentType<{ params: string[] }>

const pages: [pattern: RegExp, load: () => Promise<Page>][] = [
  [/^\/$/, async () => (await import('./pages/machine.tsx')).Machine],
  [/^\/customers$/, async () => (await import('./pages/customers.tsx')).Customers],
  [/^\/customers\/(\d+)$/, async () => (await import('./pages/customer.tsx')).Customer],
  [/^\/inbox$/, async () => (await import('./pages/inbox.tsx')).Inbox],
  [/^\/inbox\/(\d+)$/, async () => (await import('./pages/letter.tsx')).Letter],
  [/^\/templates$/, async () => (await import('./pages/templates.tsx')).Templates],
  [/^\/templates\/([\w-]+)$/, async () => (await import('./pages/template.tsx')).Template],
  [/^\/delivery$/, async () => (await import('./pages/delivery.tsx')).Delivery],
  [/^\/codes$/, async () => (await import('./pages/codes.tsx')).Codes],
  [/^\/live$/, async () => (await import('./pages/live.tsx')).Live],
  [/^\/consent$/, async () => (await import('./pages/consent.tsx')).Consent],
  [/^\/results$/, async () => (await import('./pages/results.tsx')).Results],
  [/^\/try$/, async () => (await import('./pages/try.tsx')).Try],
  [/^\/catalogue$/, async () => (await import('./pages/catalogue.tsx')).Catalogue],
  [/^\/audit$/, async () => (await import('./pages/audit.tsx')).Audit],
  [/^\/delivery\/bounces$/, async () => (await import('./pages/bounces.tsx')).Bounces],
  [/^\/delivery\/doctor$/, async () => (await import('./pages/doctor.tsx')).DoctorPage],
  [/^\/access$/, async () => (await import('./pages/access.tsx')).Access],
  [/^\/(?:sign-in|set-up)$/, async () => (await import('./pages/sign-in.tsx')).SignIn],
]

type Room = readonly [href: string, words: string, Icon: ComponentType]

/** By what brings somebody here. Those of `inBar` have a place in a phone's bar. */
const groups: readonly (readonly [name: string, rooms: readonly Room[]])[] = [
  [
    'Journeys',
    [
      ['/studio', 'Machine', MachineIcon],
      ['/studio/customers', 'Customers', PeopleIcon],
      ['/studio/live', 'Live', LiveIcon],
      ['/studio/try', 'Try it', TryIcon],
    ],
  ],
  [
    'Letters',
    [
      ['/studio/inbox', 'Inbox', InboxIcon],
      ['/studio/templates', 'Templates', PageIcon],
      ['/studio/delivery', 'Delivery', SendIcon],
      ['/studio/consent', 'Consent', ConsentIcon],
    ],
  ],
  [
    'Shop',
    [
      ['/studio/results', 'Results', ResultsIcon],
      ['/studio/catalogue', 'Catalogue', BagIcon],
      ['/studio/codes', 'Codes', TicketIcon],
    ],
  ],
  [
    'Server',
    [
      ['/studio/audit', 'Audit', AuditIcon],
      ['/studio/access', 'Access', AccessIcon],
    ],
  ],
]
const inBar = new Set(['/studio', '/studio/customers', '/studio/inbox', '/studio/live'])

export function App() {
  const { me, fault } = useStore(session, (context) => context)
  const path = useStore(place, ({ path }) => path)
  if (fault) return <Fault fault={fault} again={() => void meet()} />
  if (me === null) return <Spinner what="Asking who you are" />
  if (me.role === null && path !== '/set-up') return <Shown path="/sign-in" />
  if (/^\/(sign-in|set-up)$/.test(path)) return <Shown path={path} />
  return (
    <div class="shell">
      <a class="skip-link" href="#page">
        Skip to the page
      </a>
      <Side path={path} />
      <main class="page" id="page" tabIndex={-1}>
        <Shown path={path} />
      </main>
    </div>
  )
}

/** The page at a path, once it is here. */
function Shown({ path }: { path: string }) {
  const [shown, setShown] = useState<{ path: string; Page: Page; params: string[] } | null>(null)
  const [fault, setFault] = useState<Error | null>(null)
  const found = pages.find(([pattern]) => pattern.test(path))
  useEffect(() => {
    let stale = false
    found?.[1]().then(
      (Page) => stale || setShown({ path, Page, params: found[0].exec(path)!.slice(1) }),
      (error: Error) => stale || setFault(error),
    )
    return () => {
      stale = true
    }
  }, [path])
  if (!found) return <NotFound />
  if (fault) return <Fault fault={fault} again={() => location.reload()} />
  if (shown === null) return <Spinner what="Opening the page" />
  return <shown.Page key={shown.path} params={shown.params} />
}

const NotFound = () => (
  <div class="empty">
    <h1>There is nothing here</h1>
    <a href="/studio">Go to the machine</a>
  </div>
)

function Side({ path }: { path: string }) {
  const state = useStore(feed, ({ state }) => state)
  const me = useStore(session, ({ me }) => me)!
  const isNarrow = useMedia('(max-width: 860px)')
  const isHere = (href: string) => (href === '/studio' ? path === '/' : `/studio${path}`.startsWith(href))
  return (
    <header class="side">
      <a class="brand" href="/studio">
        <img src={new URL('./icon.svg', import.meta.url).href} alt="" width="26" height="26" /> Beckon
      </a>
      {isNarrow ? <Bar isHere={isHere} /> : <Rooms isHere={isHere} />}
      <div class="foot">
        {me.demo && (
          <a href="/demo" target="_blank">
            Open the demo shop
          </a>
        )}
        <ThemeChoice />
        <div class="row" role="status">
          <span class={`pulse ${state === 'open' ? 'on' : state === 'lost' ? 'bad' : ''}`} />
          {state === 'open' ? 'live' : state === 'lost' ? 'connection lost, trying again' : 'connecting'}
        </div>
        {!me.open && (
          <div class="row">
            {me.name} · {me.role}
          </div>
        )}
      </div>
    </header>
  )
}

type Here = { isHere: (href: string) => boolean }

const Rooms = ({ isHere }: Here) => (
  <nav aria-label="Rooms of the studio" class="rooms">
    {groups.map(([name, rooms]) => (
      <div key={name} role="group" aria-label={name}>
        <div class="group" aria-hidden="true">
          {name}
        </div>
        {rooms.map((room) => (
          <RoomLink key={room[0]} room={room} isHere={isHere} />
        ))}
      </div>
    ))}
  </nav>
)

/** A phone's: the rooms most looked into, and a door to the others. */
function Bar({ isHere }: Here) {
  const all = groups.flatMap(([, rooms]) => rooms)
  const others = all.filter(([href]) => !inBar.has(href))
  const sheet = useRef<HTMLDivElement>(null)
  return (
    <nav aria-label="Rooms of the studio" class="bar">
      {all
        .filter(([href]) => inBar.has(href))
        .map((room) => (
          <RoomLink key={room[0]} room={room} isHere={isHere} />
        ))}
      <button type="button" popovertarget="more-rooms" class={others.some(([href]) => isHere(href)) ? 'here' : ''}>
        <MoreIcon />
        <span>More</span>
      </button>
      <div id="more-rooms" popover="auto" ref={sheet} onClick={() => sheet.current?.hidePopover()}>
        {others.map((room) => (
          <RoomLink key={room[0]} room={room} isHere={isHere} />
        ))}
      </div>
    </nav>
  )
}

function RoomLink({ room: [href, words, Icon], isHere }: Here & { room: Room }) {
  const complaints = useStore(feed, ({ health }) => health?.complaints.length ?? 0)
  return (
    <a href={href} aria-current={isHere(href) ? 'page' : undefined}>
      <Icon />
      <span>{words}</span>
      {words === 'Live' && complaints > 0 && (
        <span class="badge" title={`${complaints} things need attention`}>
          {complaints}
        </span>
      )}
    </a>
  )
}

const next: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' }

function ThemeChoice() {
  const [theme, setTheme] = useState(themeOf)
  const change = () => {
    useLight(next[theme])
    setTheme(next[theme])
  }
  return (
    <button type="button" class="button quiet small" onClick={change} aria-label={`Light: ${theme}. Change it`}>
      <SunIcon /> {theme}
    </button>
  )
}
