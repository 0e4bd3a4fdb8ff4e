/** The table: each thing we measure, the goal it has, and whether it is reached. */

export type Figures = Readonly<Record<string, number>>

/** Measures something and adds its figures; `say` tells what is under way. */
export type Measure = (options: { quick: boolean; say: (what: string) => void; figures: Record<string, number> }) => Promise<void>

type Goal = { atLeast: number } | { atMost: number } | null
type Target = { name: string; unit: string; value: (figures: Figures) => number; goal: Goal; note?: (figures: Figures) => string }

/** `value` null: not measured. */
export type Row = { name: string; value: number | null; unit: string; goal: string; reached: 'yes' | 'no' | ''; note: string }

const of = (name: string) => (figures: Figures) => figures[name] ?? NaN
const ratio = (above: string, below: string) => (figures: Figures) => of(above)(figures) / of(below)(figures)
const limit = (name: string, unit: string, figure: string, note?: Target['note']): Target => ({
  name,
  unit,
  value: of(figure),
  goal: null,
  ...(note ? { note } : {}),
})
const never = () => NaN
const count = (value: number | undefined) => (value === undefined ? '?' : Math.round(value).toLocaleString('en'))
const percent = (value: number | undefined) => (value === undefined ? '?' : `${Math.round(value * 100)}%`)

/** Among the first ten, in the last 30 % of the time; what she had viewed or bought before does not count. */
const guessed = (name: string, data: string, words: string): Target => ({
  name: `${name}: guessed, to the most popular`,
  unit: '%',
  value: (figures) => of(`recommend.${data}.hits`)(figures) * 100,
  goal: null,
  note: (f) => {
    const at = (figure: string) => f[`recommend.${data}.${figure}`] ?? NaN
    return `to ${(at('popularHits') * 100).toFixed(1)} %; MRR ${at('mrr').toFixed(3)} to ${at('popularMrr').toFixed(3)}; ${count(at('guesses'))} guesses; ${words}`
  },
})

const targets: readonly Target[] = [
  limit('fdatasync', '/s', 'raw.fdatasyncs', () => '4 KB appends'),
  limit('SQLite appends in groups of 512', 'rows/s', 'raw.appends', () => 'our log, 300 bytes, synchronous=FULL'),
  limit('ws with JSON alone', 'frames/s', 'raw.ws', () => 'nothing kept'),
  limit('XState transition()', 'events/s', 'step.transition'),

  limit(
    'durable acked events, WebSocket',
    'events/s',
    'ws.rate',
    (f) => `server ${percent(f['ws.serverCpu'])} of a core, client ${percent(f['ws.clientCpu'])}, ${count(f['ws.refused'])} refused`,
  ),
  limit('durable acked events, WebSocket batch frames', 'events/s', 'ws.batchRate', () => '50 events a frame'),
  limit('durable acked events, HTTP batch', 'events/s', 'http.rate', () => '200 events a request'),
  limit('naive', 'events/s', 'naive.rate', () => 'an actor and a transaction per event'),
  limit('BullMQ, appendfsync always', 'events/s', 'bullmq.rate', () => 'with our step'),
  { name: 'events/s, ours to BullMQ', unit: '×', value: ratio('ws.rate', 'bullmq.rate'), goal: { atLeast: 5 } },
  { name: 'events/s, ours to naive', unit: '×', value: ratio('ws.rate', 'naive.rate'), goal: { atLeast: 20 } },
  { name: 'events/s, ours to Restate and workerd', unit: '×', value: never, goal: { atLeast: 40 }, note: () => 'not measured: neither can be installed here' },
  {
    name: 'ack p99 at half load',
    unit: 'ms',
    value: of('ack.p99'),
    goal: { atMost: 15 },
    note: (f) =>
      `at ${count(f['ack.rate'])}/s; p50 ${f['ack.p50']?.toFixed(1)}, p99.9 ${f['ack.p999']?.toFixed(1)}, max ${f['ack.max']?.toFixed(0)}; median of ${count(f['ack.windows'])}; ${count(f['ack.refused'])} refused`,
  },
  {
    name: 'step, ours to transition()',
    unit: '×',
    value: ratio('step.rate', 'step.transition'),
    goal: { atLeast: 30 },
    note: (f) => `${count(f['step.rate'])} steps/s`,
  },
  {
    name: 'replay on virtual time',
    unit: 'events/s',
    value: of('replay.rate'),
    goal: { atLeast: 200_000 },
    note: (f) => `as in public shop data; ${count(f['replay.timers'])} timers, ${count(f['replay.letters'])} letters`,
  },
  limit(
    'replay of the mix above',
    'events/s',
    'replay.mixedRate',
    (f) => `${count(f['replay.mixedTimers'])} timers, ${count(f['replay.mixedLetters'])} letters`,
  ),

  {
    name: 'many customers: ready, warm',
    unit: 'ms',
    value: of('million.readyMs'),
    goal: { atMost: 1_500 },
    note: (f) => `${count(f['million.customers'])} customers, half with a timer; from the first instruction of node`,
  },
  {
    name: 'many customers: rate to that at 10,000',
    unit: '×',
    value: ratio('million.rate', 'million.aloneRate'),
    goal: { atLeast: 0.75 },
    note: (f) => `${count(f['million.rate'])} to ${count(f['million.aloneRate'])} events/s; traffic from 10,000`,
  },
  limit('many customers: traffic from everybody', 'events/s', 'million.uniformRate', () => 'each event finds its customer on disk'),
  {
    name: 'many customers: memory',
    unit: 'MB',
    value: of('million.rssMb'),
    goal: { atMost: 400 },
    note: (f) => `after that traffic; ${count(f['million.readyMb'])} when ready, ${count(f['million.peakMb'])} at most with traffic from everybody`,
  },
  {
    name: 'timers: lateness p99',
    unit: 'ms',
    value: of('timers.p99'),
    goal: { atMost: 1_000 },
    note: (f) => `of ${count(f['timers.fired'])} fired under traffic; p50 ${count(f['timers.p50'])}, max ${count(f['timers.max'])}`,
  },
  {
    name: 'timers: overdue, drained',
    unit: 's',
    value: of('overdue.seconds'),
    goal: { atMost: 30 },
    note: (f) => `${count(f['overdue.timers'])} of them, a tenth with a letter`,
  },

  {
    name: 'letters rendered in the turn',
    unit: '/s',
    value: of('letters.prepared'),
    goal: { atLeast: 20_000 },
    note: (f) => `whole, ${count(f['letters.bytes'])} bytes of MIME; subject, HTML and text alone ${count(f['letters.rendered'])}`,
  },
  limit(
    'decisions with full content',
    '/s',
    'decisions.full',
    (f) => `committed, with recommendations and rendering; ${count(f['decisions.letters'])} letters a round`,
  ),
  {
    name: 'decisions with full content, to the bare engine',
    unit: '×',
    value: of('decisions.share'),
    goal: null,
    note: (f) => `${count(f['decisions.bare'])}/s with letters of the same size ready made; median of pairs`,
  },
  {
    name: 'letters delivered, ours to nodemailer’s pool',
    unit: '×',
    value: ratio('delivery.ours', 'delivery.pool'),
    goal: { atLeast: 0.9 },
    note: (f) => `${count(f['delivery.ours'])} to ${count(f['delivery.pool'])} letters/s, same sink, 20 connections`,
  },
  {
    name: 'events/s with 20 studios open, to none',
    unit: '×',
    value: of('studio.share'),
    goal: { atLeast: 0.95 },
    note: (f) =>
      `median of pairs; the server’s work for an event ${percent(f['studio.cost'])} of that with none; ${count(f['studio.heard'])} messages read by ${count(f['studio.tabs'])} tabs`,
  },
  {
    name: 'a long life, dragged through',
    unit: 'pictures/s',
    value: of('studio.scrubFps'),
    goal: { atLeast: 30 },
    note: (f) => `${count(f['studio.turns'])} turns, in headless Chromium beside the server; median of 5`,
  },
  {
    name: 'the chart of the machine, drawn',
    unit: 'ms',
    value: of('studio.chartMs'),
    goal: { atMost: 100 },
    note: () => 'first drawing of a page; median of 5',
  },
  {
    name: 'a ranking of recommendations',
    unit: 'µs',
    value: of('recommend.rankUs'),
    goal: { atMost: 200 },
    note: (f) => `with ${count(f['recommend.products'])} products; p99 ${count(f['recommend.rankP99Us'])}`,
  },
  { name: 'what recommending adds to an event', unit: 'µs', value: of('recommend.updateUs'), goal: { atMost: 20 }, note: () => 'a view or an order' },
  guessed('next product viewed', 'rees46.viewed', 'REES46, hours of a large shop'),
  guessed('next product viewed', 'taobao.viewed', 'Taobao, 29 people of millions of products: nobody’s neighbours are in it'),
  guessed('next product of an order', 'retail.bought', 'Online Retail, a year of a gift shop'),
  { name: 'an idle socket', unit: 'KB', value: of('sockets.kb'), goal: { atMost: 20 }, note: (f) => `${count(f['sockets.count'])} of them` },
]

/** One row a target that was measured, or never can be here. */
export function toRows(figures: Figures): Row[] {
  return targets.flatMap(({ name, unit, value, goal, note }): Row[] => {
    const measured = value(figures)
    if (Number.isNaN(measured)) return value === never ? [{ name, value: null, unit, goal: show(goal), reached: '', note: note!(figures) }] : []
    const reached = goal === null ? '' : ('atLeast' in goal ? measured >= goal.atLeast : measured <= goal.atMost) ? 'yes' : 'no'
    return [{ name, value: Number(measured.toPrecision(5)), unit, goal: show(goal), reached, note: note?.(figures) ?? '' }]
  })
}

function show(goal: Goal): string {
  if (goal === null) return ''
  return 'atLeast' in goal ? `≥ ${goal.atLeast.toLocaleString('en')}` : `≤ ${goal.atMost.toLocaleString('en')}`
}
