/** What the studio's server and its pages say about discount codes: shapes only. Instants are ms. */

/** `returned`: its letter ended without leaving, and its pool has it again. */
export type CodeState = 'free' | 'reserved' | 'redeemed' | 'expired' | 'returned'

/** GET codes. */
export type CodesPage = {
  pools: PoolRow[]
  /** Codes made for their letters; null when there are none. */
  made: { all: number; reserved: number; redeemed: number; expired: number } | null
  /** Of those sent, by template. */
  templates: { template: string; sent: number; redeemed: number }[]
  /** The last twelve weeks, by when the letter left; `at` is their Monday, UTC. */
  weeks: { at: number; sent: number; redeemed: number }[]
  /** The latest first. */
  redemptions: CodeRow[]
}

export type PoolRow = {
  pool: string
  all: number
  free: number
  reserved: number
  redeemed: number
  expired: number
  /** Templates that draw from it, by their rules. */
  letters: string[]
  perDay: number
  level: 'good' | 'warn' | 'bad'
  words: string | null
}

/** One code with its story. */
export type CodeRow = {
  code: string
  pool: string | null
  state: CodeState
  percent: number | null
  template: string | null
  letter: { id: number; customer: number; recipient: string; state: string } | null
  addedAt: number
  reservedAt: number | null
  leftAt: number | null
  expiresAt: number | null
  redeemedAt: number | null
  orderId: string | null
}

/** GET codes/look?code; `none`: why there is no such code. */
export type CodeLook = { code: CodeRow } | { none: 'mistyped' | 'unknown' }

/** POST codes/pools/:pool { text }: JSON, CSV or a code a line. */
export type PoolUploaded = {
  pool: string
  added: number
  known: number
  free: number
  rejected: { index: number; code: string; about: string }[]
  rejectedTotal: number
}
