import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Receipt } from '../core/world.ts'
import { openStore } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import type { DueLetter } from '../store/letters.ts'
import { hear } from './hear.ts'
import { createPace } from './pace.ts'
import type { Pace, PaceOptions } from './pace.ts'
import { parseRates } from './rates.ts'
import { createTally } from './tally.ts'
import type { Tally } from './tally.ts'
import { dayOf } from './warm-up.ts'

const noon = Date.UTC(2026, 10, 23, 12)
const minute = 60_000
const day = 86_400_000

let directory: string
let store: Store
let pace: Pace
let tally: Tally
let now: number
let count: number

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'beckon-'))
  store = openStore(join(directory, 'beckon.db'))
  now = noon
  count = 0
  start({})
})
afterEach(() => {
  store.close()
  rmSync(directory, { recursive: true })
})

/** A pace as after a start; what was taken and not ended is nobody's. */
function start(changes: Partial<PaceOptions>, rates = 'gmail.com=60/m+1,*=none') {
  const { letters, lanes, deliveries } = store
  pace = createPace({ letters, lanes, deliveries, rates: parseRates(rates), warmUp: null, firstDay: (today) => today, width: () => 20, now, ...changes })
  tally = createTally(deliveries)
}

function queue(domain: string, letters = 1, { resend = 0, at = noon - 1_000 }: { resend?: 0 | 1; at?: number } = {}) {
  store.letters.write(() => {
    for (let n = 0; n < letters; n++) {
      const id = ++count
      store.letters.insert({
        id,
        token: `t${id}`,
        customer: 7,
        template: 'cart-abandoned',
        recipient: `anna-${id}@${domain}`,
        subject: 'Hello',
        messageId: `<${id}@shop.example>`,
        at,
        resend,
        data: '{}',
        links: '[]',
        mime: Buffer.from(''),
      })
    }
  })
}

const take = (wanted = 40) => store.letters.write(() => pace.take(wanted, now))
const to = (letters: readonly DueLetter[]) => letters.map(({ recipient }) => recipient.split('@')[1])

/** A letter goes and meets its answer. */
function go(letter: DueLetter, receipt: Receipt = { state: 'sent', reply: '250 ok' }) {
  pace.launched(letter)
  pace.ended(letter)
  store.letters.write(() => {
    store.letters.flushing(letter.id, now)
    const { settled } = hear({ pace, tally }, 'fake', letter, receipt, now)
    store.letters.settle(letter.id, settled, now)
    tally.write(now)
    store.letters.told(letter.id)
  })
}

/** As a drain does until `end`, one letter after the other. */
function run(end: number, receipt?: Receipt): { at: number; domain: string; id: number }[] {
  const went: { at: number; domain: string; id: number }[] = []
  for (let turns = 0; turns < 5_000 && now <= end; turns++) {
    const { letters, moved } = take()
    for (const letter of letters) {
      went.push({ at: now, domain: to([letter])[0]!, id: letter.id })
      go(letter, receipt)
    }
    if (letters.length > 0 || moved > 0) continue
    const next = pace.nextAt(now)
    if (next > end) break
    now = Math.max(now + 1, next)
  }
  now = Math.max(now, end)
  return went
}

describe('a domain’s rate', () => {
  test('is kept, and nobody else waits for it', () => {
    queue('gmail.com', 100)
    queue('shop.example', 50)
    const went = run(noon + 10_000)
    expect(went.filter(({ domain, at }) => domain === 'shop.example' && at === noon)).toHaveLength(50)
    expect(went.filter(({ domain }) => domain === 'gmail.com').map(({ at }) => at - noon)).toEqual(Array.from({ length: 11 }, (_, n) => n * 1_000))
  })

  test('is one for all domains of a provider', () => {
    queue('gmail.com', 3)
    queue('googlemail.com', 3)
    expect(run(noon + 2_000)).toHaveLength(3)
  })

  test('costs a letter no attempt while it waits', () => {
    queue('gmail.com', 5)
    take()
    expect(store.letters.list({ state: 'queued', limit: 9 }).every(({ attempts }) => attempts === 0)).toBe(true)
  })

  test('lets those go first that somebody waits for, then the longest due', () => {
    queue('gmail.com', 2, { at: noon - 1_000 })
    queue('gmail.com', 1, { at: noon - 9_000 })
    queue('gmail.com', 1, { resend: 1, at: noon - 1 })
    expect(run(noon + 5_000).map(({ id }) => id)).toEqual([4, 3, 1, 2])
  })

  test('begins with one letter after a restart, however many there were', () => {
    queue('gmail.com', 50)
    run(noon + 3_000)
    now += 10
    start({})
    expect(take().letters.length).toBeLessThanOrEqual(1)
  })
})

describe('many letters for one slow domain', () => {
  test('twenty thousand of them are moved once, and then neither looked at nor written again; another’s goes at once', () => {
    start({}, 'slow.example=1/h,*=none')
    queue('slow.example', 20_000)
    let turns = 0
    while (take().moved > 0) turns++
    expect(turns).toBeLessThan(100)
    queue('slow.example', 20_000)
    const before = store.db.prepare('SELECT total_changes() AS n').get()
    const begun = performance.now()
    for (let n = 0; n < 100; n++) {
      expect(pace.nextAt(now)).toBeGreaterThan(now)
      expect(take().letters).toEqual([])
    }
    expect((performance.now() - begun) / 100).toBeLessThan(5)
    expect(store.db.prepare('SELECT total_changes() AS n').get()).toEqual(before)
    queue('shop.example')
    expect(to(take().letters)).toEqual(['shop.example'])
  })

  test('one that answers nothing has half of the connections, and the next half of what is left', () => {
    start({}, '*=600000/m+1000')
    now += minute
    for (const domain of ['hangs.example', 'also.example', 'good.example']) queue(domain, 60)
    const ready = [take(), take(), take()].flatMap(({ letters }) => letters)
    const flying: DueLetter[] = []
    for (let next = pace.next(ready); next >= 0 && flying.length < 20; next = pace.next(ready)) {
      const [letter] = ready.splice(next, 1)
      pace.launched(letter!)
      flying.push(letter!)
    }
    expect(to(flying).filter((domain) => domain === 'hangs.example')).toHaveLength(10)
    expect(to(flying)).toContain('good.example')
  })
})

describe('a domain that says too much', () => {
  const tooMany: Receipt = { state: 'deferred', reply: '421 4.7.0 Too many messages, try again in 10 minutes' }

  test('is held as long as it says, and slower afterwards; other domains go on', () => {
    queue('gmail.com', 20)
    const [first] = take().letters
    go(first!, tooMany)
    queue('shop.example', 3)
    expect(run(noon + 9 * minute).map(({ domain }) => domain)).toEqual(['shop.example', 'shop.example', 'shop.example'])
    const later = run(noon + 11 * minute).filter(({ domain }) => domain === 'gmail.com')
    expect(later[0]!.at - noon).toBeGreaterThanOrEqual(10 * minute)
    expect(later.length).toBeLessThan(40)
    expect(later[2]!.at - later[1]!.at).toBeGreaterThan(1_500)
  })

  test('is held still after a restart', () => {
    queue('gmail.com', 20)
    go(take().letters[0]!, tooMany)
    start({})
    expect(pace.nextAt(now)).toBeGreaterThanOrEqual(noon + 10 * minute)
    expect(pace.domains(now)[0]).toMatchObject({ name: 'gmail.com', why: tooMany.reply })
  })

  test('greylisting is not held against it', () => {
    queue('gmail.com', 3)
    go(take().letters[0]!, { state: 'deferred', reply: '450 4.2.0 Greylisted' })
    expect(pace.rateOf('gmail.com', now)).toEqual({ perMinute: 60, fullPerMinute: 60 })
    expect(store.letters.get(1)!.nextAt! - now).toBeGreaterThanOrEqual(5 * minute)
    expect(store.letters.get(1)!.nextAt! - now).toBeLessThanOrEqual(6 * minute)
    expect(store.deliveries.byDomain(dayOf(now), dayOf(now))[0]).toMatchObject({ greylisted: 1, deferred: 0 })
  })

  test('a first 450 from where nothing was ever delivered is taken for greylisting, a later one is not', () => {
    queue('shop.example', 2)
    const [one, two] = take().letters
    go(one!, { state: 'deferred', reply: '450 not now' })
    go(two!)
    queue('shop.example')
    go(take().letters[0]!, { state: 'deferred', reply: '450 not now' })
    expect(store.deliveries.byDomain(dayOf(now), dayOf(now))[0]).toMatchObject({ greylisted: 1, deferred: 1, sent: 1 })
  })
})

describe('a hold by somebody', () => {
  test('holds one domain, also after a restart, until it is taken off', () => {
    store.letters.write(() => pace.hold('shop.example', true, now))
    queue('shop.example', 2)
    queue('elsewhere.example')
    expect(run(noon + minute).map(({ domain }) => domain)).toEqual(['elsewhere.example'])
    start({})
    expect(run(noon + 2 * minute)).toEqual([])
    store.letters.write(() => pace.hold('shop.example', false, now))
    expect(run(now)).toHaveLength(2)
  })
})

describe('a warm-up', () => {
  test('sends fifty to each great one and fifty to all others on its first day, a hundred on its second, thanks first', () => {
    start({ warmUp: { startsOn: dayOf(noon) } }, '*=none,gmail.com=none')
    queue('gmail.com', 200, { at: noon - 2_000 })
    queue('gmail.com', 10, { resend: 1 })
    for (let n = 0; n < 60; n++) queue(`mail-${n}.example`, 2)
    const first = run(noon + 12 * 3_600_000 - 1)
    const gmail = first.filter(({ domain }) => domain === 'gmail.com')
    expect(gmail).toHaveLength(50)
    expect(gmail.filter(({ id }) => id > 200 && id <= 210).length).toBeGreaterThan(0)
    expect(first).toHaveLength(100)
    const second = run(noon + day + 12 * 3_600_000 - 1)
    expect(
      second
        .filter(({ domain }) => domain === 'gmail.com')
        .slice(0, 1)
        .map(({ at }) => at),
    ).toEqual([noon + day / 2])
    expect(second.filter(({ domain }) => domain === 'gmail.com')).toHaveLength(100)
    expect(second.filter(({ domain }) => domain !== 'gmail.com')).toHaveLength(70)
  })

  test('counts are kept: a restart gives no second fifty', () => {
    start({ warmUp: { startsOn: dayOf(noon) } }, '*=none')
    queue('shop.example', 120)
    run(noon + minute)
    start({ warmUp: { startsOn: dayOf(noon) } }, '*=none')
    expect(run(now + minute)).toEqual([])
    expect(pace.warmUp(now)).toMatchObject({ day: 1, limit: 50, next: 100 })
  })

  test('an answer for now uses up nothing', () => {
    start({ warmUp: { startsOn: dayOf(noon) } }, '*=none')
    queue('shop.example', 60)
    for (const letter of take(30).letters) go(letter, { state: 'deferred', reply: '452 4.3.1 no room' })
    expect(run(noon)).toHaveLength(30)
    expect(pace.warmUp(now)!.groups.find(({ name }) => name === 'others')?.used).toBe(30)
  })

  test('from the first letter: days count from the day it goes, not from the start', () => {
    let first: number | undefined
    start({ warmUp: { startsOn: 'first' }, firstDay: (today, begins) => (begins && (first ??= today), first ?? today) }, '*=none')
    now += 5 * day
    expect(pace.warmUp(now)?.day).toBe(1)
    queue('shop.example')
    take()
    now += day
    expect(pace.warmUp(now)?.day).toBe(2)
  })
})

test('lanes that nobody waits in any more are given up', () => {
  queue('gmail.com', 3)
  run(noon + 10_000)
  expect(pace.domains(now)).toHaveLength(1)
  store.letters.write(() => pace.tidy(now))
  expect(pace.domains(now)).toEqual([])
  expect(store.lanes.all()).toEqual([])
})
