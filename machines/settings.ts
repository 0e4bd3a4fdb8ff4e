/** Every time and number of the journeys. Change them here, or at the start: `--settings abandonAfter=45m,views=4`. */
import { days, hours, minutes } from '#kit'
import type { LetterRule } from '#kit'

export const settings = {
  /** A customer is quiet this long after the last thing they did. */
  quietFor: minutes(15),

  // cart
  abandonAfter: minutes(30),
  followUpAfter: hours(24),

  // browsing
  views: 3,
  within: minutes(60),

  // purchase
  recentFor: hours(24),
  thankAfter: hours(1),

  // engagement
  lapseAfter: days(30),

  // consent
  /** 1: whoever says yes to letters in a browser is asked by letter to confirm it. `BECKON_CONSENT=double` sets it. */
  doubleOptIn: 0,
}

export type Settings = typeof settings

/** How other products begin; `--settings preset=klaviyo`. */
export const presets: Record<string, Partial<Settings>> = {
  klaviyo: { abandonAfter: hours(4) },
  shopify: { abandonAfter: hours(10) },
}

/** What the policy holds each letter to. */
export const letters = (settings: Settings): Record<string, LetterRule> => ({
  'cart-abandoned': { journey: 'cart', priority: 'high', topic: 'reminders', window: hours(24), allowClaimed: true, unknown: 'hold' },
  'cart-discount': {
    journey: 'cart',
    priority: 'high',
    topic: 'offers',
    window: hours(24),
    allowClaimed: false,
    unknown: 'hold',
    discount: { percent: 10, validFor: days(7) },
  },
  'browse-reminder': {
    journey: 'browsing',
    priority: 'medium',
    topic: 'reminders',
    window: hours(24),
    notAfterOrder: settings.recentFor,
    allowClaimed: true,
    unknown: 'hold',
  },
  'order-thanks': { journey: 'purchase', priority: 'high', topic: 'orders', window: hours(24), allowClaimed: true, unknown: 'resend' },
  'confirm-subscription': { journey: 'consent', priority: 'high', window: hours(24), allowClaimed: true, unknown: 'resend', asksConsent: true },
  'win-back': { journey: 'engagement', priority: 'low', topic: 'offers', window: days(30), allowClaimed: false, unknown: 'hold' },
})

/** What a customer may choose to have or not, as the preference page says it in the language of the letter. */
export const topics = {
  reminders: {
    en: { title: 'Reminders', words: 'What you left in your cart, or came back to look at.' },
    de: { title: 'Erinnerungen', words: 'Was im Warenkorb liegen blieb oder was Sie sich öfter angesehen haben.' },
  },
  offers: {
    en: { title: 'Offers', words: 'Discounts, and a word when we have not seen you for a while.' },
    de: { title: 'Angebote', words: 'Rabatte, und ein Gruß, wenn wir länger nichts von Ihnen gehört haben.' },
  },
  orders: {
    en: { title: 'Your orders', words: 'Thanks for an order, and how to reach us about it.' },
    de: { title: 'Ihre Bestellungen', words: 'Dank für eine Bestellung, und wie Sie uns dazu erreichen.' },
  },
}

/** The customer's local night, in which letters wait: `{ from: '21:00', to: '08:00', timeZone: 'Europe/Berlin' }`, or null. */
export const quietHours: { from: string; to: string; timeZone: string } | null = null

/** How many letters a customer may get in `capWindow`, by the priority of the next one. */
export const caps = { window: hours(24), low: 1, medium: 2, high: 3 }
