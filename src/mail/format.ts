/** Money and dates in words, by formatters that are built once: making one costs more than a whole letter. */

/** `$1,234.00`; the bare number where the currency is unknown; '' for what is no price. */
export function moneyIn(locale: string, currency: string, amount: number | undefined): string {
  if (typeof amount !== 'number' || !(amount >= 0) || amount > 1e12) return ''
  return cached(moneyFormats, locale, isCurrency(currency) ? currency : '', newMoney).format(amount + 0) // -0 is 0
}

/** `10%`, as the locale writes it where it speaks the letter's language. */
export function percentIn(locale: string, language: string, percent: number): string {
  return cached(percentFormats, spokenBy(locale, language), '', newPercent).format(Math.round(percent * 10) / 1_000)
}

export const isCurrency = (currency: unknown): currency is string => typeof currency === 'string' && currencies.has(currency.toUpperCase())

const currencies = new Set(Intl.supportedValuesOf('currency'))

/**
 * The day of an instant, with its time and zone for `moment`; '' for what is no instant.
 * A date stands inside a sentence: it keeps the reader's habits only where they speak the letter's language.
 */
export function dateIn(locale: string, language: string, timeZone: string | undefined, at: number | undefined, style: 'day' | 'moment'): string {
  if (typeof at !== 'number' || !(Math.abs(at) <= 8.64e15)) return ''
  return cached(style === 'day' ? dayFormats : momentFormats, spokenBy(locale, language), timeZone ?? 'UTC', style === 'day' ? newDay : newMoment).format(at)
}

const spokenBy = (locale: string, language: string): string => (typeof locale === 'string' && locale.startsWith(language) ? locale : language)

type Formats<F> = Map<string, Map<string, F>>
const moneyFormats: Formats<Intl.NumberFormat> = new Map()
const dayFormats: Formats<Intl.DateTimeFormat> = new Map()
const percentFormats: Formats<Intl.NumberFormat> = new Map()
const momentFormats: Formats<Intl.DateTimeFormat> = new Map()

const newMoney = (locale: string, currency: string) =>
  new Intl.NumberFormat(locale, currency !== '' ? { style: 'currency', currency } : { minimumFractionDigits: 2, maximumFractionDigits: 2 })

const newPercent = (locale: string) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })

const newDay = (locale: string, timeZone: string) =>
  new Intl.DateTimeFormat(locale, { timeZone: zone(timeZone), weekday: 'long', day: 'numeric', month: 'long' })

const newMoment = (locale: string, timeZone: string) =>
  new Intl.DateTimeFormat(locale, {
    timeZone: zone(timeZone),
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
  })

/** Locales and currencies come from events, so the cache forgets all when a stranger fills it. */
const formatsMax = 512

function cached<F>(formats: Formats<F>, locale: string, detail: string, make: (locale: string, detail: string) => F): F {
  let inner = formats.get(locale)
  if (inner === undefined) {
    if (formats.size >= formatsMax) formats.clear()
    formats.set(locale, (inner = new Map()))
  }
  let format = inner.get(detail)
  if (format === undefined) {
    if (inner.size >= formatsMax) inner.clear()
    inner.set(detail, (format = make(knownLocale(locale), detail)))
  }
  return format
}

function knownLocale(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale.replaceAll('_', '-'))[0] ?? 'en'
  } catch {
    return 'en'
  }
}

function zone(timeZone: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone
  } catch {
    return 'UTC'
  }
}
