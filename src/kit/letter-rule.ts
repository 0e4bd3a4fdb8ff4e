/** What the policy holds one letter to; a shop writes these in `machines/settings.ts`. Times in ms. */
export type LetterRule = {
  journey: string
  priority: 'high' | 'medium' | 'low'
  /** Not while one of the same template was queued less than this ago. */
  window: number
  /** Not while an order is less than this old. */
  notAfterOrder?: number
  /** May go to an address that someone only typed in a browser. */
  allowClaimed: boolean
  /** After a connection lost in the middle: keep it for a human, or send it once more. */
  unknown: 'hold' | 'resend'
  /** Percent off, for a letter with a discount code; from an uploaded pool of that name, or made by us. */
  discount?: { percent: number; validFor: number; pool?: string }
  /** What it is about, so that a customer may choose to have no letters of the kind. */
  topic?: string
  /** No more than `most` of this template within `within`, at most 31 days; one exactly that old no longer counts. */
  cap?: { most: number; within: number }
  /** The customer's local time of day in which it may leave: `{ from: '09:00', to: '20:00' }`. Outside it waits. Theirs, else that of the quiet hours, else UTC. */
  sendBetween?: { from: string; to: string }
  /** Asks whether the customer wants letters at all: goes to those who have yet to confirm, and to nobody else; at once, at night too. */
  asksConsent?: true
  /** Other templates that some customers get in its place, by the share of them: `{ 'cart-abandoned-short': 0.5 }`. */
  variants?: Record<string, number>
}
