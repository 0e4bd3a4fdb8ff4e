/**
 * The default journeys, a second time: plain code beside the prose of the contract ("The default
 * journeys, exactly"), so that the real engine can be judged decision by decision.
 *
 * It knows nothing of machines, steps or the store and must stay so: a fault that both share would
 * go unseen. Where it and the engine differ, one of them misreads the contract.
 */

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** A Segment message, or the outcome of a letter (opens and clicks of humans only). `at` is in ms. */
export type OracleMessage = {
  type: 'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias' | 'outcome'
  event?: string
  customer: string
  at: number
  properties?: Record<string, unknown>
}

type Journey = 'cart' | 'browsing' | 'purchase' | 'engagement'
type Priority = 'high' | 'medium' | 'low'
type Template = 'cart-abandoned' | 'cart-discount' | 'browse-reminder' | 'order-thanks' | 'win-back'

/** Times in ms. `windows`: how long a template keeps from being queued again. `caps`: letters per `capWithin`. */
export type OracleSettings = {
  quietFor: number
  abandonAfter: number
  followUpAfter: number
  views: number
  within: number
  recentFor: number
  thankAfter: number
  lapseAfter: number
  windows: Record<Template, number>
  caps: Record<Priority, number>
  capWithin: number
}

export const defaults: OracleSettings = {
  quietFor: 15 * minute,
  abandonAfter: 30 * minute,
  followUpAfter: 24 * hour,
  views: 3,
  within: 60 * minute,
  recentFor: 24 * hour,
  thankAfter: 1 * hour,
  lapseAfter: 30 * day,
  windows: {
    'cart-abandoned': 24 * hour,
    'cart-discount': 24 * hour,
    'browse-reminder': 24 * hour,
    'order-thanks': 24 * hour,
    'win-back': 30 * day,
  },
  caps: { high: 3, medium: 2, low: 1 },
  capWithin: 24 * hour,
}

/**
 * What became of one letter. `run` (ms) says what it is about: the last cart change before the
 * abandonment, the view that made the interest, the order that began the period, or the start from
 * which the lapse was counted.
 */
export type OracleDecision = {
  at: number
  customer: string
  journey: Journey
  template: Template
  priority: Priority
  decision: 'queued' | 'skipped'
  reason: null | string
  run: number
}

export type OracleOptions = {
  settings?: Partial<OracleSettings>
  hasAddress?: (customer: string, at: number) => boolean
  holdout?: (customer: string, journey: string) => boolean
}

/**
 * Every letter decision that these messages lead to, by time, then customer, then order of decision.
 *
 * Pure and synchronous. Messages may come in any order: each customer's are taken by time, equal
 * times as given. Messages after `until` are left out; timers due at or before it fire.
 *
 *     judge([{ type: 'track', event: 'Product Added', customer: 'ada', at: 0, properties: { product_id: 'mug' } }], 1_800_000)
 *     // [{ at: 1_800_000, customer: 'ada', template: 'cart-abandoned', decision: 'queued', reason: null, run: 0, … }]
 */
export function judge(messages: readonly OracleMessage[], until: number, options: OracleOptions = {}): OracleDecision[] {
  const rules: Rules = {
    settings: { ...defaults, ...options.settings },
    hasAddress: options.hasAddress ?? (() => true),
    holdout: options.holdout ?? (() => false),
  }
  if (rules.settings.thankAfter > rules.settings.recentFor) {
    throw new RangeError('thankAfter is longer than recentFor: the contract does not say whom such a letter thanks')
  }

  const byCustomer = Map.groupBy(
    messages.filter((message) => message.at <= until),
    (message) => message.customer,
  )
  const decisions: OracleDecision[] = []
  for (const [customer, theirs] of byCustomer) {
    const life = new Life(customer, rules)
    for (const message of theirs.toSorted((a, b) => a.at - b.at)) {
      life.fireTimersUpTo(message.at)
      life.take(message)
    }
    life.fireTimersUpTo(until)
    decisions.push(...life.decisions)
  }
  return decisions.sort((a, b) => a.at - b.at || (a.customer < b.customer ? -1 : a.customer > b.customer ? 1 : 0))
}

type Rules = Required<Omit<OracleOptions, 'settings'>> & { settings: OracleSettings }

type TimerName = 'abandon' | 'follow-up' | 'recent' | 'thank' | 'lapse' | 'dormant' | 'quiet'

/** Product id to quantity. */
type Lines = Map<string, number>

const LETTERS: Record<Template, { journey: Journey; priority: Priority }> = {
  'cart-abandoned': { journey: 'cart', priority: 'high' },
  'cart-discount': { journey: 'cart', priority: 'high' },
  'browse-reminder': { journey: 'browsing', priority: 'medium' },
  'order-thanks': { journey: 'purchase', priority: 'high' },
  'win-back': { journey: 'engagement', priority: 'low' },
}

/** One customer: what is true now, and what is due. */
class Life {
  customer: string
  rules: Rules
  settings: OracleSettings
  now = -Infinity
  /** In the order they were set. */
  timers: { name: TimerName; due: number }[] = []
  decisions: OracleDecision[] = []

  quiet = false

  lines: Lines = new Map()
  cartChangedAt = -Infinity
  /** The letter that an abandoned cart has waiting for the first quiet instant. */
  cartLetter: 'cart-abandoned' | 'cart-discount' | null = null

  /** Times of the views that count, by product. */
  views = new Map<string, number[]>()
  interestedSince: number | null = null

  /** The order that began the current `recent` period. */
  recentSince: number | null = null
  lastOrderAt = -Infinity

  engagement: 'not started' | 'engaged' | 'lapsed' | 'dormant' = 'not started'
  engagedSince = -Infinity

  suppressed = false

  constructor(customer: string, rules: Rules) {
    this.customer = customer
    this.rules = rules
    this.settings = rules.settings
  }

  // ---- time

  fireTimersUpTo(at: number): void {
    for (;;) {
      const due = Math.min(...this.timers.map((timer) => timer.due))
      if (this.timers.length === 0 || due > at) return
      const timer = this.timers.find((candidate) => candidate.due === due)!
      this.clear(timer.name)
      this.now = due
      this.fire(timer.name)
      this.decideWhatWaitsForQuiet()
    }
  }

  set(name: TimerName, delay: number): void {
    this.clear(name)
    this.timers.push({ name, due: this.now + delay })
  }

  clear(name: TimerName): void {
    this.timers = this.timers.filter((timer) => timer.name !== name)
  }

  fire(name: TimerName): void {
    switch (name) {
      case 'abandon':
        this.cartLetter = 'cart-abandoned'
        return
      case 'follow-up':
        this.cartLetter = 'cart-discount'
        return
      case 'recent':
        this.recentSince = null
        return
      case 'thank':
        // Still within the period, since thankAfter <= recentFor; where equal, `recent` has just fired.
        this.decide('order-thanks', this.now - this.settings.thankAfter)
        return
      case 'lapse':
        this.engagement = 'lapsed'
        this.set('dormant', this.settings.lapseAfter)
        this.decide('win-back', this.engagedSince)
        return
      case 'dormant':
        this.engagement = 'dormant'
        return
      case 'quiet':
        this.quiet = true
        return
    }
  }

  // ---- messages

  take(message: OracleMessage): void {
    this.now = message.at
    switch (message.type) {
      case 'group':
      case 'alias':
        return
      case 'outcome':
        this.hearOfLetter(message.event)
        break
      case 'page':
      case 'screen':
      case 'identify':
        this.beActive()
        break
      case 'track':
        this.track(folded(message.event ?? ''), message.properties ?? {})
        break
    }
    this.decideWhatWaitsForQuiet()
  }

  hearOfLetter(outcome: string | undefined): void {
    switch (outcome) {
      case 'mail.opened':
      case 'mail.clicked':
        this.engageAgain()
        return
      case 'mail.bounced':
      case 'mail.complained':
      case 'mail.unsubscribed':
        this.suppressed = true
        return
    }
  }

  beActive(): void {
    this.quiet = false
    this.set('quiet', this.settings.quietFor)
  }

  track(event: string, properties: Record<string, unknown>): void {
    const product = productId(properties)
    switch (event) {
      case 'orderupdated':
      case 'orderrefunded':
      case 'ordercancelled':
        return // what the shop does later is not activity
      case 'productadded':
        if (product !== undefined) this.add(product, quantity(properties))
        break
      case 'productremoved':
        if (product !== undefined) this.remove(product)
        break
      case 'cartviewed':
      case 'cartupdated':
        this.replaceLines(linesOf(properties), false)
        break
      case 'checkoutstarted':
        this.replaceLines(linesOf(properties), true)
        break
      case 'productviewed':
        if (product !== undefined) this.view(product)
        break
      case 'ordercompleted':
        this.order()
        break
    }
    this.beActive()
  }

  // ---- cart

  add(product: string, count: number): void {
    this.lines.set(product, (this.lines.get(product) ?? 0) + count)
    this.changeCart()
    this.endInterest()
  }

  remove(product: string): void {
    this.lines.delete(product)
    this.changeCart()
  }

  replaceLines(lines: Lines | undefined, alwaysAChange: boolean): void {
    const before = this.lines
    if (lines !== undefined) this.lines = lines
    if (alwaysAChange || !sameLines(before, this.lines)) this.changeCart()
    if ([...this.lines.keys()].some((product) => !before.has(product))) this.endInterest()
  }

  changeCart(): void {
    this.endRun()
    this.cartChangedAt = this.now
    if (this.lines.size > 0) this.set('abandon', this.settings.abandonAfter)
  }

  endRun(): void {
    this.cartLetter = null
    this.clear('abandon')
    this.clear('follow-up')
  }

  // ---- browsing

  view(product: string): void {
    if (this.lines.size > 0 || this.interestedSince !== null) return
    const counted = (this.views.get(product) ?? []).filter((at) => this.now - at <= this.settings.within)
    counted.push(this.now)
    this.views.set(product, counted)
    if (counted.length >= this.settings.views) this.interestedSince = this.now
  }

  endInterest(): void {
    this.interestedSince = null
    this.views.clear()
  }

  // ---- purchase

  order(): void {
    this.lines = new Map()
    this.endRun()

    this.endInterest()

    this.lastOrderAt = this.now
    this.set('recent', this.settings.recentFor)
    if (this.recentSince === null) {
      this.recentSince = this.now
      this.set('thank', this.settings.thankAfter)
    }

    this.engageAgain()
  }

  // ---- engagement

  engageAgain(): void {
    if (this.engagement !== 'not started') this.engage()
  }

  engage(): void {
    this.engagement = 'engaged'
    this.engagedSince = this.now
    this.clear('dormant')
    this.set('lapse', this.settings.lapseAfter)
  }

  // ---- decisions

  decideWhatWaitsForQuiet(): void {
    if (!this.quiet) return
    if (this.cartLetter !== null) {
      const letter = this.cartLetter
      this.cartLetter = null
      if (letter === 'cart-abandoned') this.set('follow-up', this.settings.followUpAfter)
      this.decide(letter, this.cartChangedAt)
    }
    if (this.interestedSince !== null) {
      this.decide('browse-reminder', this.interestedSince)
      this.endInterest()
    }
  }

  decide(template: Template, run: number): void {
    const { journey, priority } = LETTERS[template]
    const reason = this.objection(template, journey, priority)
    const decision = reason === null ? 'queued' : 'skipped'
    this.decisions.push({ at: this.now, customer: this.customer, journey, template, priority, decision, reason, run })
    if (decision === 'queued' && this.engagement === 'not started') this.engage()
  }

  /** The policy: the first rule that objects, or null. */
  objection(template: Template, journey: Journey, priority: Priority): string | null {
    const { windows, caps, capWithin, recentFor } = this.settings
    if (!this.rules.hasAddress(this.customer, this.now)) return 'no-address'
    if (this.suppressed) return 'unsubscribed'
    if (this.engagement === 'dormant') return 'dormant'
    if (template === 'browse-reminder' && this.now - this.lastOrderAt < recentFor) return 'recent-purchase'
    if (this.rules.holdout(this.customer, journey)) return 'holdout'
    if (this.queuedWithin(windows[template]).some((letter) => letter.template === template)) return 'window'
    if (this.queuedWithin(capWithin).length >= caps[priority]) return 'cap'
    return null
  }

  queuedWithin(ms: number): OracleDecision[] {
    return this.decisions.filter((letter) => letter.decision === 'queued' && this.now - letter.at < ms)
  }
}

/** "Product Added", "product_added" and "Product-Added" are one name. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[ _-]/g, '')
}

function productId(properties: Record<string, unknown>): string | undefined {
  const id = properties.product_id ?? properties.sku ?? properties.id
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined
}

function quantity(properties: Record<string, unknown>): number {
  const { quantity } = properties
  return typeof quantity === 'number' && quantity > 0 ? quantity : 1
}

/** The lines that `products` gives, or undefined where there is no such array. */
function linesOf({ products }: Record<string, unknown>): Lines | undefined {
  if (!Array.isArray(products)) return undefined
  const lines: Lines = new Map()
  for (const entry of products) {
    if (typeof entry !== 'object' || entry === null) continue
    const id = productId(entry)
    if (id !== undefined) lines.set(id, (lines.get(id) ?? 0) + quantity(entry))
  }
  return lines
}

function sameLines(a: Lines, b: Lines): boolean {
  return a.size === b.size && [...a].every(([product, count]) => b.get(product) === count)
}
