/**
 * What the studio's server and its pages say to each other: shapes only. Instants and durations are ms; a state's id is
 * XState's, such as `customer.cart.abandoned.pending`; a customer's id is the number the database knows them by.
 * All answers come from `/studio/api/…` as JSON; a refusal is `{ code, message, hint }` with its status.
 */
import type { CameBack } from './api-bounces.ts'
import type { CodeRow } from './api-codes.ts'

import type { RecommendedLine } from './api-catalogue.ts'

// the chart: GET chart

export type Priority = 'high' | 'medium' | 'low'

/** The machine as it is drawn: one part for each parallel region, in the machine's order. */
export type Chart = { hash: string; regions: ChartRegion[] }

export type ChartRegion = {
  /** `cart`; its id is `customer.cart`. */
  key: string
  id: string
  nodes: ChartNode[]
  edges: ChartEdge[]
  /** Laid out left to right, and top to bottom for narrow screens. */
  wide: ChartLayout
  tall: ChartLayout
}

export type ChartNode = {
  id: string
  /** The state around it; null for the region itself. */
  parent: string | null
  label: string
  /**
   * `state` a place to stand; `group` one with states inside; `parallel` one whose inner states are all active;
   * `letter` asks for a letter; `passing` is left at once; `anywhere` stands for every state of its parent, as the source
   * of the parent's own transitions (its id is the parent's with `*` after it).
   */
  kind: 'state' | 'group' | 'parallel' | 'letter' | 'passing' | 'anywhere'
  initial: boolean
  letter?: { template: string; priority: Priority }
  tags: string[]
  /** Transitions that stay where they are and only remember something. */
  inside: ChartTransition[]
}

/** All transitions from one node to another, drawn as one line. */
export type ChartEdge = { id: string; from: string; to: string; transitions: ChartTransition[] }

export type ChartTransition = {
  /** `source event targets`, as the feed and explanations name it. */
  key: string
  /** As the machine says it: `site.product_added`, `always`, `xstate.after.…`, `letter.*`. */
  event: string
  /** In words: `Product Added`, `after 30 min`, `at once`, `decided`. */
  words: string
  /** Its guard in words: `names product`, `presence is quiet`, `not recent`; null without one. */
  guard: string | null
  /** The setting behind a delay, and how long it is now. */
  delay?: { setting: string; ms: number }
  /** The letter that taking it asks for. */
  letter?: { template: string; priority: Priority }
}

/** Positions in px from the region's upper left corner. */
export type ChartLayout = {
  width: number
  height: number
  nodes: Record<string, Box>
  edges: Record<string, { points: [x: number, y: number][]; label?: Box }>
}
export type Box = { x: number; y: number; width: number; height: number }

// customers: GET customers?query&state&after&limit

export type CustomerRow = {
  id: number
  /** userId, else anonymousId, else the address. */
  name: string
  email: string | null
  verified: boolean
  /** When they were last heard of. */
  at: number
  /** Region → where it stands, as a path: `abandoned.reminded`. */
  states: Record<string, string>
  /** The next timer; null when none is armed. */
  due: number | null
}
/** `after`: what to ask for next, null at the end. `total`: everyone there is. */
export type CustomerList = { customers: CustomerRow[]; after: string | null; total: number }

// one customer: GET customers/:id

export type Line = { id: string; name?: string; brand?: string; variant?: string; price?: number; quantity: number; url?: string; image?: string }

export type Timer = {
  /** The event it will bring: `xstate.after.abandonAfter.customer.cart.active`. */
  event: string
  /** The state that set it; null for a letter that waits for the morning. */
  state: string | null
  /** In words: `abandonAfter`, `quiet hours of cart-abandoned`. */
  words: string
  setAt: number
  due: number
}

/** How a customer stands at an instant. */
export type Standing = {
  at: number
  /** Ids of the active states, ancestors included. */
  active: string[]
  timers: Timer[]
  cart: Line[]
  currency: string | null
  /** What the regions remember, by region. */
  context: Record<string, unknown>
}

export type CustomerPage = CustomerRow & {
  /** `u:…` userId, `a:…` anonymousId, `e:…` vouched-for address. */
  ids: string[]
  profile: Record<string, unknown>
  consent: 'subscribed' | 'pending' | 'unsubscribed' | 'not asked'
  suppressed: string | null
  /** Whether time can be skipped for them. */
  sandbox: boolean
  /** The customer's clock less the wall clock: more than 0 in a sandbox that skipped ahead. */
  lead: number
  born: number
  /** Of what is counted: turns of the life. */
  turns: number
  standing: Standing
  decisions: Decision[]
}

export type Decision = {
  id: number
  template: string
  /** The template it was written by in place of its own. */
  variant: string | null
  journey: string
  priority: Priority
  at: number
  decision: 'queued' | 'skipped'
  reason: string | null
  /** In plain words, with its numbers. */
  words: string
  /** The letter, when there is one. */
  letter: { state: LetterState; subject: string; reply: string | null } | null
}

// a life: GET customers/:id/track, then customers/:id/turns?from&count as they are looked at

/** Every turn of a life, small enough to hold thousands: parallel lists, one entry a turn, in order of time. */
export type Track = {
  count: number
  at: number[]
  /** An index into `sets`: the active states after the turn. */
  states: number[]
  sets: string[][]
  /** What a turn was: 0 event, 1 timer, 2 outcome of a letter, 3 merge. */
  kinds: number[]
  /** Turns with a decision: 1 queued, 2 skipped; 0 for all others. */
  letters: number[]
}

export type Turn = {
  index: number
  /** Its log row. */
  seq: number
  at: number
  kind: 'event' | 'timer' | 'outcome' | 'merge'
  /** `Product Added`, `30 min passed (abandonAfter)`, `Letter opened`. */
  name: string
  /** In one short line: `Boston fern · 24.50 EUR`; null when there is nothing to say. */
  about: string | null
  /** What the client sent, as JSON text, at most 4,000 characters of it. */
  body: string | null
  /** How the regions moved: paths. */
  moves: { region: string; from: string; to: string }[]
  /** Transitions taken, as `ChartTransition.key`. */
  taken: string[]
  set: Timer[]
  /** Timers that were called off. */
  cancelled: Timer[]
  decisions: Decision[]
  /** Why no machine heard it: `too old`, `quarantined`, `not human`; null when one did. */
  unheard: string | null
  standing: Standing
}

// what next: GET customers/:id/next

export type Next = {
  at: number
  timers: (Timer & {
    /** Event names that would call it off, in words. */
    cancelledBy: string[]
  })[]
  /** If nothing else happens: what the timers will bring, until 60 days ahead. */
  ahead: { at: number; name: string; moves: Turn['moves']; decisions: Foreseen[] }[]
  /** What each event the machine listens to would do now, made up from what they last looked at. */
  events: { event: string; words: string; moves: Turn['moves']; set: Timer[]; cancelled: Timer[]; taken: string[]; decisions: Foreseen[] }[]
  /** Letters that a preview can be had of: GET customers/:id/preview?template gives its HTML for a sandboxed frame. */
  previews: string[]
}
export type Foreseen = {
  template: string
  priority: Priority
  decision: 'queued' | 'skipped' | 'waits'
  reason: string | null
  words: string
  subject: string | null
}

// why: GET customers/:id/why?template&decision

export type WhyAnswer = {
  template: string
  journey: string
  /** What was decided, each time it was asked; the last first. */
  decisions: WhyDecision[]
  /** How near it came since, or ever, when it is not waiting for an answer now. */
  never: WhyNever | null
  /** Every template there is. */
  templates: string[]
}
export type WhyDecision = Decision & {
  /** From the start of the run to the decision. */
  steps: WhyStep[]
  /** Every question of the policy in its order; asked until the first that objects. */
  policy: { question: string; answer: 'passed' | 'objected' | 'not asked'; words: string; numbers: Record<string, unknown> }[]
  /** What would have had to be different; null for a letter that was queued. */
  different: string | null
}
export type WhyStep = {
  index: number
  at: number
  name: string
  about: string | null
  from: string
  to: string
  /** Transitions of this journey that were considered, with what their guards saw. */
  guards: { key: string; words: string; guard: string | null; held: boolean; taken: boolean; saw: Record<string, unknown> }[]
}
export type WhyNever = {
  /** Where the journey stands: a path. */
  state: string
  words: string
  /** The steps from there to the letter, in words: `Product Added`, `after 30 min`, `presence is quiet`. */
  needs: string[]
  /** The nearest it ever came, and what led away. */
  nearest: { at: number; index: number; state: string; needs: string[]; left: { at: number; index: number; name: string; to: string } | null } | null
}

// letters: GET letters?state&template&before&limit

export type LetterState = 'queued' | 'attempting' | 'flushing' | 'sent' | 'deferred' | 'failed' | 'unknown'

export type LetterRow = {
  id: number
  customer: number
  template: string
  variant: string | null
  priority: Priority
  recipient: string
  subject: string
  at: number
  state: LetterState
  attempts: number
  nextAt: number | null
  changed: number
  reply: string | null
}
export type LetterList = { letters: LetterRow[]; before: number | null; counts: Record<LetterState, number>; templates: string[] }

/** GET letters/:id; its HTML for a sandboxed frame is letters/:id/html?dark=1, its source letters/:id/source. */
export type LetterPage = LetterRow & {
  /** The relay that it left by, or tried to last; null where none is known. */
  post: string | null
  messageId: string
  sizeBytes: number
  headers: [name: string, value: string][]
  text: string
  links: { text: string; url: string; kind: 'click' | 'unsubscribe' | 'other' }[]
  checks: LetterCheck[]
  /** The discount code it shows. */
  code: LetterCode | null
  /** What it recommended, in its order. */
  recommended: RecommendedLine[]
  /** Its decision, in words. */
  words: string
  /** What came back of it after a relay had taken it, the oldest first. */
  cameBack: CameBack[]
}
export type LetterCode = Pick<CodeRow, 'code' | 'percent' | 'state' | 'expiresAt' | 'redeemedAt' | 'orderId'>
export type LetterCheck = {
  /** `clients`, `alt`, `unsubscribe`, `size`, `spam`, `contrast`, `links`. */
  id: string
  title: string
  result: 'good' | 'note' | 'warn' | 'bad'
  words: string
  /** What exactly, where there is more to say. */
  items: { words: string; detail?: string; result: 'good' | 'note' | 'warn' | 'bad' }[]
}

// live: GET health, and the feed

export type Health = {
  at: number
  version: { machine: string; startedAt: number }
  /** Over the last minute. */
  perSecond: { events: number; transitions: number; letters: number; refusals: number }
  /** ms; null when nothing was acked in the last minute. */
  ack: { p50: number; p99: number } | null
  backlog: { events: number; letters: number; overdueTimers: number }
  letters: { failed: number; unknown: number }
  quarantined: number
  sockets: number
  memoryMb: number
  /** What is wrong, the worst first; empty when all is well. */
  complaints: { level: 'bad' | 'warn'; words: string; hint: string }[]
}
export type Refused = { at: number; code: string; about: string | null; hint: string; key: number }
export type Quarantined = { id: number; seq: number; customer: number; at: number; code: string; reason: string; name: string; retriable: boolean }

/** WebSocket /studio/live. The page says `{ "watch": customer | null }`. */
export type FeedMessage =
  | { type: 'hello'; at: number; machine: string }
  | FeedTick
  /** Something happened to the watched customer; ask for what you show again. */
  | { type: 'customer'; customer: number; at: number; turns: { at: number; name: string; kind: Turn['kind']; taken: string[] }[]; standing: Standing }

export type FeedTick = {
  type: 'tick'
  at: number
  /** Share of the customers counted so far, 0 to 1; until it is 1 the numbers below are of those. */
  counted: number
  total: number
  /** State id → customers who stand there; all of them in the first tick, then those that changed. */
  counts: Record<string, number>
  /** Transitions taken since the last tick, by key. */
  taken: [key: string, times: number][]
  health: Health
  /** The latest few since the last tick. */
  events: { at: number; customer: number; who: string; name: string; about: string | null; moves: string[] }[]
  refusals: Refused[]
}

// try it: POST sandbox → Sandbox; POST sandbox/:id/events SandboxEvent; POST sandbox/:id/skip { ms } → { at, letters }

export type Sandbox = { customer: number; userId: string; email: string; at: number }
export type SandboxEvent = { event: string; properties?: Record<string, unknown> }
export type Skipped = { at: number; letters: { id: number; template: string; subject: string }[] }

// who is here: GET me; POST sign-in { name, password }; POST sign-out; POST set-up { token, name, password }

export type Role = 'owner' | 'reader'
export type Me = {
  /** Nobody signs in: this server is open to its own machine alone. */
  open: boolean
  /** null: not signed in. */
  name: string | null
  role: Role | null
  /** Whether /demo is served. */
  demo: boolean
  shop: { name: string; url: string }
}
/** GET people; POST people { role } → { link }: a link for one person, good once for a day; DELETE people/:id. */
export type Person = { id: number; name: string; role: Role; at: number; seenAt: number | null }
/** GET audit?before */
export type AuditRow = { id: number; at: number; who: string; did: string; about: string | null; from: string | null }
