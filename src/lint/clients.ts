/** What the major mail clients lack of what a letter uses. */
import { featuresOf } from './features.ts'
import type { Use } from './features.ts'
import { lossOf } from './losses.ts'
import { byGravity, counted, gravest } from './reading.ts'
import type { Check, Finding, Reading, Verdict } from './reading.ts'
import { clients, outlookOnWindows, supportOf } from './support.ts'
import type { Support } from './support.ts'

type Judged = Finding & { missing: number }

/** Items name each feature that some client lacks or only partly knows, the gravest first. */
export function checkClients(letter: Reading): Check {
  const judged: Judged[] = []
  let share = 0
  let used = 0
  for (const [slug, use] of featuresOf(letter)) {
    const support = supportOf(slug)
    // How a rule is addressed matters where the rule does.
    if (support === undefined || support.known === 0 || unfelt.has(slug) || (use.bare === 0 && /^css-(selector-|important)/.test(slug))) continue
    const partly = support.partly.filter((client) => isFelt(use, client, support, letter))
    const missing = support.lacking.length + partly.length / 2
    if (use.bare > 0) {
      used++
      share += 1 - missing / support.known
    }
    if (missing > 0) judged.push({ ...findingOf(slug, use, { ...support, partly }, letter), missing })
  }
  judged.sort((a, b) => byGravity(a, b) || b.missing - a.missing)
  const items = judged.map(({ missing: _, ...finding }) => finding)
  return { id: 'clients', title: 'Mail programs', result: gravest(items), words: summary(items, used === 0 ? 1 : share / used), items }
}

/** A client that lacks these does well without. */
const unfelt = new Set(['html-doctype', 'html-comments', 'html-body', 'css-comments'])

function findingOf(slug: string, use: Use, support: Support, letter: Reading): Finding {
  const { partly } = support
  const loss = lossOf(slug)
  const remarks = support.remarks
    .map(({ words, clients }) => ({ words, about: clients.filter((client) => partly.includes(client)) }))
    .filter(({ words, about }) => about.length > 0 && mayApply(words, use))
  return {
    result: gravityOf(loss.grave, use, support, letter),
    words: clientWords(support),
    detail: [
      loss.words,
      use.bare > 0 ? `Used ${counted(use.times, 'time')}.` : `Used ${counted(use.times, 'time')}, only on top of what is there anyway.`,
      ...remarks.slice(0, remarksMax).map(({ words, about }) => `${listed(about)}: ${words.replaceAll(/`([^`]+)`/g, '“$1”').replace(/\.?$/, '.')}`),
    ].join(' '),
  }
}

const remarksMax = 2

function gravityOf(grave: 'fine' | 'layout' | 'content', use: Use, { lacking, known }: Support, letter: Reading): Verdict {
  if (lacking.length === 0 || use.bare === 0) return 'note'
  if (grave === 'content') return lacking.length * 2 > known ? 'bad' : 'warn'
  if (grave === 'fine') return 'note'
  // A letter with parts of its own for Outlook on Windows has been thought about there.
  if (lacking.every((client) => client === outlookOnWindows) && letter.mindsOutlook) return 'note'
  return 'warn'
}

/** What a client knows partly is told where the part that it lacks can matter to this letter. */
function isFelt(use: Use, client: number, { remarks }: Support, letter: Reading): boolean {
  if (client === outlookOnWindows && letter.mindsOutlook) return false
  const about = remarks.filter(({ clients }) => clients.includes(client))
  return about.length === 0 || about.some(({ words }) => mayApply(words, use))
}

/** Whether a remark can be about what this letter does: it names no values or elements, or some that are used. */
function mayApply(remark: string, { values }: Use): boolean {
  const used = [...values]
  if (/^Supports the vendor/i.test(remark)) return false
  if (/negative values/i.test(remark)) return used.some((value) => /[:\s]-\.?\d/.test(value))
  if (/multiple values/i.test(remark)) return used.some((value) => /,(?![^(]*\))/.test(value))
  const named = [...remark.matchAll(/`([^`]+)`/g)].map((found) => found[1]!)
  if (named.length === 0) return true
  if (/^Only works on/i.test(remark)) return used.some((value) => !named.includes(value))
  if (!/not supported|not support|n't support/i.test(remark)) return true
  return used.some((value) =>
    named.some((name) => (/^[\w-]+$/.test(name) ? new RegExp(`(?:^|[^\\w-])[\\d.]*${name}(?:$|[^\\w-])`).test(value) : value.includes(name))),
  )
}

/** Which clients lack it, or which alone have it, whichever is shorter. */
function clientWords({ title, lacking, partly, full }: Support): string {
  if (partly.length === 0 && full.length < lacking.length && full.length <= 3)
    return `${title}: ${full.length === 0 ? 'in none of them' : `only in ${listed(full)}`}`
  return `${title}: ${[saying(lacking, 'not in'), saying(partly, 'partly in')].filter((words) => words !== '').join('; ')}`
}

const saying = (about: readonly number[], how: string): string => (about.length === 0 ? '' : `${how} ${listed(about)}`)

/** Clients that are often alike, under one name. */
const families: [name: string, members: RegExp][] = [
  ['Gmail', /^Gmail/],
  ['Gmail’s apps', /^Gmail on (iPhone|Android)/],
  ['Apple Mail', /^Apple Mail/],
  ['Outlook', /^Outlook/],
  ['Outlook but for classic Windows', /^Outlook(?! for Windows)/],
  ['Outlook’s apps', /^Outlook on/],
  ['Yahoo Mail', /^Yahoo/],
]

function listed(about: readonly number[]): string {
  let left = about.map((client) => clients[client]!)
  const names: string[] = []
  for (const [name, members] of families) {
    const family = clients.filter((client) => members.test(client))
    if (!family.every((client) => left.includes(client))) continue
    names.push(name)
    left = left.filter((client) => !family.includes(client))
  }
  return [...names, ...left].join(', ')
}

function summary(items: readonly Finding[], share: number): string {
  const alarms = items.filter(({ result }) => result === 'warn' || result === 'bad').length
  const start = `The ${clients.length} major mail programs know ${Math.floor(share * 100)} % of what this letter uses.`
  if (items.length === 0) return `${start} It looks the same in all of them.`
  if (alarms === 0) return `${start} Where they lack something, the letter only looks a little plainer.`
  return `${start} ${alarms === 1 ? 'One thing' : `${alarms} things`} may look wrong somewhere; look at ${alarms === 1 ? 'it' : 'them'} below.`
}
