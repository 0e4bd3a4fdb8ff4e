/**
 * What letters earned, as the studio's server, the API and the command line tell it: shapes only. Amounts are in units of
 * their currency, and are never added across currencies; `unknown` stands for one that could not be read.
 */

/** Currency to amount. */
export type Money = Record<string, number>

export type Grouping = 'template' | 'journey' | 'priority' | 'day' | 'letter'

export type Model = 'last-click' | 'last-open'

/** One line of a report. A letter counts once in each column, however often it was opened. */
export type EarnedRow = {
  /** The day, journey, priority, template (`template / variant` for a variant) or number of the letter. */
  key: string
  template: string | null
  variant: string | null
  journey: string | null
  priority: string | null
  sent: number
  opened: number
  openedByMachine: number
  clicked: number
  clickedByMachine: number
  /** Letters that led to an order. */
  ordered: number
  orders: number
  revenue: Money
  /** Revenue by letter sent; null where none was sent. */
  perSent: Money | null
  /** Orders after an open, with no click in the window: told apart, and in no other column. */
  afterOpen: { orders: number; revenue: Money }
}

/** GET results?by&from&to&model&days */
export type Attribution = {
  from: number
  to: number
  by: Grouping
  model: Model
  windowMs: number
  timeZone: string
  currency: string
  rows: EarnedRow[]
  /** Rows left out: only the letters that earned most are listed. */
  leftOut: number
  total: EarnedRow
  /** What the shop's servers told of in all, whatever led to it; `byBrowsers`: orders that only browsers told of, which count nowhere. */
  shop: { orders: number; revenue: Money; byBrowsers: number }
  /** Each day of the period: what letters earned, and the shop in all. */
  days: { day: string; at: number; orders: number; revenue: Money; all: { orders: number; revenue: Money } }[]
  /** Abandoned carts that a letter was sent about, and those of them that an order ended within the window after a click. */
  carts: { written: number; recovered: number; revenue: Money }
}

export type Metric = 'conversion' | 'revenue' | 'clicks'

export type ExperimentArm = {
  name: string
  share: number
  /** Those whose days are over. */
  customers: number
  converted: number
  clicked: number
  /** Of all of them, in the shop's currency. */
  revenue: number
}

export type ExperimentComparison = {
  metric: Metric
  arm: string
  against: string
  verdict: 'not-enough-data' | 'no-difference-seen' | 'better' | 'worse'
  difference: number | null
  lift: number | null
  /** 95 %, valid however often it was looked at; a share of what the other arm did. */
  liftInterval: [low: number, high: number] | null
  p: number
  words: string
}

export type ExperimentReport = {
  id: number
  kind: 'holdout' | 'variant'
  /** A journey, `*` for all; or a letter. */
  about: string
  running: boolean
  started: number | null
  /** Days that each customer is given. */
  days: number
  arms: ExperimentArm[]
  comparisons: ExperimentComparison[]
  /** Left out: their days are not over; they stood in two arms, since two lives turned out to be one. */
  pending: number
  both: number
  /** Revenue of one customer above this counts as this much. */
  cutAt: number | null
}

/** GET experiments */
export type Experiments = { at: number; days: number; currency: string; experiments: ExperimentReport[] }
