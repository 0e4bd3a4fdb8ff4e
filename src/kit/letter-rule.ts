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
  /** Percent off, for a letter with a discount code. */
  discount?: { percent: number; validFor: number }
}
