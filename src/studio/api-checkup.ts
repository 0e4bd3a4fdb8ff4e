/** What the checkup's page and its server say to each other: shapes only. GET checkup; POST checkup runs one now. */

/** `wrong`: a promise is broken; `look`: somebody should look at it; `hint`: good to know. */
export type Severity = 'wrong' | 'look' | 'hint'

export type CheckupFinding = {
  id: string
  severity: Severity
  title: string
  why: string
  todo: string
  count: number
  /** The first of the days in a row on which it was found, ms; null when this is the first. */
  since: number | null
  /** [day as ms, how many], oldest first. */
  trend: [at: number, count: number][]
  examples: CheckupExample[]
}

/** One of them, with whoever and whatever it is about. */
export type CheckupExample = {
  customers: { id: number; name: string; email: string | null }[]
  product: string | null
  letter: number | null
  words: string | null
}

export type CheckupPage = {
  /** Null until the first has been run. */
  last: {
    at: number
    tookMs: number
    looked: { customers: number; compared: number; letters: number; rows: number; products: number }
    findings: CheckupFinding[]
    /** What was looked for and not found. */
    clean: string[]
  } | null
  running: boolean
  /** When the next one is due; null when none is. */
  next: number | null
}
