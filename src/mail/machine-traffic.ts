/**
 * Which opens and clicks no person made: those are kept in the log and never become a transition or an attribution.
 * A wrong guess either way costs little; the rules are a table so that it can be read and corrected.
 */

export type Touch = {
  kind: 'open' | 'click'
  at: number
  method: string
  userAgent?: string | undefined
}

export type LetterFacts = {
  /** When the letter left; null when it has not, as far as is known. */
  sentAt: number | null
  /** When other links of the same letter were followed, round this one's time. */
  otherLinksAt: readonly number[]
}

/** A click sooner after sending than this is a scanner's. */
export const scanWindowMs = 10_000
/** Different links of one letter followed within this time are followed by a program. */
export const burstMs = 2_000

type Rule = { name: string; is: (touch: Touch, facts: LetterFacts) => boolean }

export const rules: readonly Rule[] = [
  { name: 'method', is: ({ method }) => method !== 'GET' },
  { name: 'no-agent', is: ({ userAgent }) => userAgent === undefined || userAgent.trim() === '' },
  { name: 'robot', is: ({ userAgent = '' }) => robots.test(userAgent) },
  { name: 'scanner', is: ({ userAgent = '' }) => scanners.test(userAgent) },
  // Apple's privacy proxy fetches every picture of every letter, read or not, under this bare name.
  { name: 'apple-proxy', is: ({ kind, userAgent = '' }) => kind === 'open' && applePrivacy.test(userAgent.trim()) },
  // These fetch when a person opens, but may fetch ahead on delivery.
  { name: 'prefetch', is: (touch, facts) => touch.kind === 'open' && imageProxies.test(touch.userAgent ?? '') && isEarly(touch, facts) },
  { name: 'early', is: (touch, facts) => touch.kind === 'click' && isEarly(touch, facts) },
  { name: 'burst', is: ({ kind, at }, { otherLinksAt }) => kind === 'click' && otherLinksAt.some((other) => Math.abs(other - at) <= burstMs) },
]

/** Pure: the first rule that takes it for a machine's, or null for a person's. */
export function machineRule(touch: Touch, facts: LetterFacts): string | null {
  return rules.find(({ is }) => is(touch, facts))?.name ?? null
}

export const isMachine = (touch: Touch, facts: LetterFacts): boolean => machineRule(touch, facts) !== null

const isEarly = ({ at }: Touch, { sentAt }: LetterFacts): boolean => sentAt === null || at - sentAt < scanWindowMs

const applePrivacy = /^Mozilla\/5\.0$/
const imageProxies = /GoogleImageProxy|ggpht\.com|YahooMailProxy|yahoo-mail-proxy/i
const robots =
  /bot\b|bot[/;)]|crawl|spider|slurp|preview|headless|phantomjs|puppeteer|playwright|selenium|facebookexternalhit|whatsapp|^(curl|wget|python|aiohttp|httpx|go-http-client|java|okhttp|apache-httpclient|axios|node|undici|got|ruby|perl|libwww|php|guzzle|scrapy|postmanruntime|insomnia)\b/i
const scanners =
  /barracuda|proofpoint|urldefense|mimecast|symantec|messagelabs|trend ?micro|forcepoint|websense|sophos|fireeye|trellix|ironport|zscaler|forti(mail|guard)|safelinks|cloudmark|avanan|check ?point|vade|bitdefender|kaspersky|mcafee|f-secure|withsecure|eset|spamhaus|virustotal|urlscan|microsoft office existence discovery|ms-?office/i
