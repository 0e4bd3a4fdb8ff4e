/** What the doctor says of a domain: to the command line and to the studio's page. Shapes only. */

/** `unknown`: it could not be found out, which is not the same as wrong. */
export type DoctorState = 'ok' | 'warn' | 'bad' | 'unknown'

/** A record as it is to stand in the DNS. */
export type DnsRecord = {
  /** The whole name, without a dot at the end. */
  name: string
  type: 'TXT' | 'MX' | 'PTR'
  /** In one piece, as most providers' forms take it. */
  value: string
  /** A line of a zone file; a text over 255 characters in several strings. */
  line: string
  /** What stands there now and has to go. */
  instead: string[]
}

export type DoctorCheck = {
  id: string
  title: string
  state: DoctorState
  /** What was found, in sentences. */
  found: string[]
  /** Whom it matters to, and what happens otherwise. */
  why: string
  /** What to do; null when nothing. */
  todo: string | null
  records: DnsRecord[]
}

export type DoctorReport = {
  /** In the letters' From. */
  domain: string
  /** When it was asked, ms. */
  at: number
  tookMs: number
  /** The worst of all that is known. */
  state: Exclude<DoctorState, 'unknown'>
  checks: DoctorCheck[]
}
