import { expect, test } from 'vitest'
import { burstMs, isMachine, machineRule, rules, scanWindowMs } from './machine-traffic.ts'
import type { LetterFacts, Touch } from './machine-traffic.ts'

const sentAt = Date.UTC(2026, 10, 23, 12)
const chrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
const iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148'
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'
const outlook = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0'
const gmail = 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)'
const yahoo = 'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html'

const late: LetterFacts = { sentAt: sentAt - 3_600_000, otherLinksAt: [] }
const touch = (changes: Partial<Touch>): Touch => ({ kind: 'click', at: sentAt, method: 'GET', userAgent: chrome, ...changes })

type Row = [what: string, touch: Partial<Touch>, facts: Partial<LetterFacts>, rule: string | null]
const rows: Row[] = [
  ['a click from Chrome', {}, {}, null],
  ['a click from an iPhone', { userAgent: iphone }, {}, null],
  ['a click from Firefox', { userAgent: firefox }, {}, null],
  ['a click from Edge', { userAgent: outlook }, {}, null],
  ['an open from an iPhone', { kind: 'open', userAgent: iphone }, {}, null],
  ['an open at once from a mail program', { kind: 'open', userAgent: firefox }, { sentAt }, null],
  ['a picture fetched through Gmail when read', { kind: 'open', userAgent: gmail }, {}, null],
  ['a picture fetched through Yahoo when read', { kind: 'open', userAgent: yahoo }, {}, null],

  ['HEAD', { method: 'HEAD' }, {}, 'method'],
  ['POST', { method: 'POST' }, {}, 'method'],
  ['OPTIONS', { method: 'OPTIONS' }, {}, 'method'],
  ['no user agent', { userAgent: undefined }, {}, 'no-agent'],
  ['an empty user agent', { userAgent: ' ' }, {}, 'no-agent'],
  ['curl', { userAgent: 'curl/8.5.0' }, {}, 'robot'],
  ['wget', { userAgent: 'Wget/1.21' }, {}, 'robot'],
  ['python-requests', { userAgent: 'python-requests/2.32' }, {}, 'robot'],
  ['Go', { userAgent: 'Go-http-client/1.1' }, {}, 'robot'],
  ['Java', { userAgent: 'Java/17.0.2' }, {}, 'robot'],
  ['node', { userAgent: 'node' }, {}, 'robot'],
  ['Googlebot', { userAgent: 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' }, {}, 'robot'],
  ['BingPreview', { userAgent: `${chrome} BingPreview/1.0b` }, {}, 'robot'],
  ['Slackbot', { userAgent: 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)' }, {}, 'robot'],
  ['headless Chrome', { userAgent: chrome.replace('Chrome', 'HeadlessChrome') }, {}, 'robot'],
  ['Skype preview', { userAgent: 'Mozilla/5.0 SkypeUriPreview Preview/0.5' }, {}, 'robot'],
  ['Barracuda', { userAgent: 'BarracudaCentral/1.0' }, {}, 'scanner'],
  ['Proofpoint', { userAgent: `${chrome} Proofpoint` }, {}, 'scanner'],
  ['Mimecast', { userAgent: 'Mimecast-URL-Protect' }, {}, 'scanner'],
  ['Office looking whether a link exists', { userAgent: 'Microsoft Office Existence Discovery' }, {}, 'scanner'],
  ['Apple’s privacy proxy fetching a picture', { kind: 'open', userAgent: 'Mozilla/5.0' }, {}, 'apple-proxy'],
  ['Gmail fetching ahead', { kind: 'open', userAgent: gmail, at: sentAt + 1_000 }, { sentAt }, 'prefetch'],
  ['Yahoo fetching ahead', { kind: 'open', userAgent: yahoo, at: sentAt + 1_000 }, { sentAt }, 'prefetch'],

  ['a click just before the scan window ends', { at: sentAt + scanWindowMs - 1 }, { sentAt }, 'early'],
  ['a click as the scan window ends', { at: sentAt + scanWindowMs }, { sentAt }, null],
  ['a click while the letter is still under way', {}, { sentAt: null }, 'early'],
  ['a click on another link within the burst', {}, { otherLinksAt: [sentAt - burstMs] }, 'burst'],
  ['a click followed by one on another link within the burst', {}, { otherLinksAt: [sentAt + burstMs] }, 'burst'],
  ['a click on another link after the burst', {}, { otherLinksAt: [sentAt - burstMs - 1] }, null],
  ['an open beside clicks', { kind: 'open' }, { otherLinksAt: [sentAt] }, null],
]

test.each(rows)('%s', (_what, changes, facts, rule) => {
  const seen = machineRule(touch(changes), { ...late, ...facts })
  expect(seen).toBe(rule)
  expect(isMachine(touch(changes), { ...late, ...facts })).toBe(rule !== null)
})

test('every rule takes something for a machine’s here', () => {
  expect(new Set(rows.map(([, , , rule]) => rule).filter((rule) => rule !== null))).toEqual(new Set(rules.map(({ name }) => name)))
})
