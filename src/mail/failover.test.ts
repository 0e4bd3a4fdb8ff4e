import { expect, test } from 'vitest'
import type { Clock, Post, Receipt } from '../core/world.ts'
import { createFailover } from './failover.ts'

const down: Receipt = { state: 'deferred', reply: 'connect ECONNREFUSED', of: 'transport' }
const taken: Receipt = { state: 'sent', reply: '250 ok' }

/** Two relays that answer as they are told, and time moved by hand. */
function house(held: string[] = []) {
  let now = 0
  let timers: { at: number; fire: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    after(ms, fire) {
      const timer = { at: now + ms, fire }
      timers.push(timer)
      return () => void (timers = timers.filter((other) => other !== timer))
    },
  }
  const answers: Record<string, Receipt> = { first: taken, second: taken }
  const probes: string[] = []
  const left: [by: string, mime: string, to: string][] = []
  let isReachable = false
  const relay = (name: string): Post => ({
    name,
    width: 4,
    async send({ to }, mime, flushing) {
      const answer = answers[name]!
      if (answer.state === 'deferred' || /^55\d rcpt/.test(answer.reply)) return answer
      if (!(await flushing())) return { state: 'failed', reply: 'withdrawn', hard: false }
      left.push([name, Buffer.from(mime).toString(), to])
      return answer
    },
    async probe() {
      probes.push(name)
      return isReachable ? null : 'connect ECONNREFUSED'
    },
    close: async () => {},
  })
  const post = createFailover({ clock, posts: [relay('first'), relay('second')], held })
  let letters = 0
  const flushed: (string | undefined)[] = []
  return {
    post,
    left,
    probes,
    answers,
    flushed,
    reach: () => (isReachable = true),
    send: async (may = true) => {
      letters++
      return post.send({ from: 'a@shop.example', to: `anna-${letters}@example.com` }, Buffer.from(`letter ${letters}`), async (via) => (flushed.push(via), may))
    },
    pass: async (ms: number) => {
      const end = now + ms
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        now = next.at
        next.fire()
        for (let n = 0; n < 5; n++) await Promise.resolve()
      }
      now = end
    },
    timers: () => timers.length,
  }
}

async function breakFirst(shop: ReturnType<typeof house>) {
  shop.answers['first'] = down
  for (let n = 0; n < 6; n++) {
    await shop.send()
    await shop.pass(3_000)
  }
}

test('letters go by the first relay while it is well, and it is said by which', async () => {
  const shop = house()
  expect(await shop.send()).toEqual({ ...taken, via: 'first' })
  expect(shop.flushed).toEqual(['first'])
})

test('a first failure only puts a letter off; after a while of them letters go by the second, the same bytes', async () => {
  const shop = house()
  shop.answers['first'] = down
  expect(await shop.send()).toEqual({ ...down, via: 'first' })
  expect(shop.left).toEqual([])
  await breakFirst(shop)
  expect(await shop.send()).toEqual({ ...taken, via: 'second' })
  expect(shop.left.at(-1)).toEqual(['second', 'letter 8', 'anna-8@example.com'])
  expect(shop.post.ways().map(({ state }) => state)).toEqual(['down', 'well'])
})

test('a letter that may have left by one never goes out by the other, whatever became of it', async () => {
  for (const answer of [
    { state: 'unknown', reply: 'lost' },
    { state: 'failed', reply: '554 no', hard: false },
  ] as const) {
    const shop = house()
    shop.answers['first'] = answer
    for (let n = 0; n < 20; n++) {
      await shop.send()
      await shop.pass(3_000)
    }
    const letters = shop.left.map(([, mime]) => mime)
    expect(new Set(letters).size).toBe(letters.length)
  }
})

test('silence after letters began to leave is an outage too: later letters go by the second, those that were lost do not', async () => {
  const shop = house()
  shop.answers['first'] = { state: 'unknown', reply: 'lost' }
  const lost: string[] = []
  for (let n = 0; n < 6; n++) {
    const receipt = await shop.send()
    if (receipt.state === 'unknown') lost.push(shop.left.at(-1)![1])
    await shop.pass(3_000)
  }
  expect((await shop.send()).via).toBe('second')
  expect(shop.left.filter(([by, mime]) => by === 'second' && lost.includes(mime))).toEqual([])
})

test.each([
  { state: 'failed', reply: '550 rcpt unknown', hard: true },
  { state: 'deferred', reply: '450 greylisted' },
  { state: 'deferred', reply: '421 too many' },
] as const)('$reply for one letter is no reason to take the other relay, however often', async (answer) => {
  const shop = house()
  shop.answers['first'] = answer
  for (let n = 0; n < 30; n++) {
    expect(await shop.send()).toEqual({ ...answer, via: 'first' })
    await shop.pass(3_000)
  }
})

test('a refused login or sender, for a while, is', async () => {
  const shop = house()
  shop.answers['first'] = { state: 'deferred', reply: '550 5.7.1 sender refused', of: 'transport' }
  for (let n = 0; n < 6; n++) {
    await shop.send()
    await shop.pass(3_000)
  }
  expect((await shop.send()).via).toBe('second')
})

test('a relay that is down is probed without a letter, ever less often, and taken back with one letter at a time', async () => {
  const shop = house()
  await breakFirst(shop)
  await shop.pass(300_000)
  const tries = shop.probes.length
  expect(tries).toBeGreaterThan(1)
  expect(tries).toBeLessThan(6)
  shop.reach()
  shop.answers['first'] = taken
  await shop.pass(600_000)
  expect(shop.post.ways()[0]?.state).toBe('trial')
  const both = await Promise.all([shop.send(), shop.send()])
  expect(both.map(({ via }) => via)).toEqual(['first', 'second'])
  await shop.send()
  await shop.send()
  expect(shop.post.ways()[0]?.state).toBe('well')
})

test('on trial, a failure costs its letter nothing: it goes on by the second', async () => {
  const shop = house()
  await breakFirst(shop)
  shop.reach()
  await shop.pass(30_000)
  expect(shop.post.ways()[0]?.state).toBe('trial')
  expect(await shop.send()).toEqual({ ...taken, via: 'second' })
  expect(shop.post.ways()[0]?.state).toBe('down')
})

test('a withdrawn letter says nothing of the relay, and is not offered to the other', async () => {
  const shop = house()
  expect(await shop.send(false)).toMatchObject({ state: 'failed', reply: 'withdrawn', via: 'first' })
  expect(shop.left).toEqual([])
  expect(shop.flushed).toEqual(['first'])
})

test('a relay on hold takes none; with all on hold there is room for none; a hold outlives a restart', async () => {
  const shop = house(['first'])
  expect((await shop.send()).via).toBe('second')
  expect(shop.post.hold('second', true)).toBe(true)
  expect(shop.post.width).toBe(0)
  expect(await shop.send()).toMatchObject({ state: 'deferred', of: 'transport' })
  expect(shop.post.hold('third', true)).toBe(false)
  shop.post.hold('first', false)
  expect((await shop.send()).via).toBe('first')
})

test('when both are down letters still try the first, so that somebody finds out', async () => {
  const shop = house()
  shop.answers['second'] = down
  await breakFirst(shop)
  for (let n = 0; n < 6; n++) {
    await shop.send()
    await shop.pass(3_000)
  }
  expect(shop.post.ways().map(({ state }) => state)).toEqual(['down', 'down'])
  shop.answers['first'] = taken
  expect((await shop.send()).via).toBe('first')
})

test('closed, it probes no more', async () => {
  const shop = house()
  await breakFirst(shop)
  await shop.post.close()
  expect(shop.timers()).toBe(0)
})
