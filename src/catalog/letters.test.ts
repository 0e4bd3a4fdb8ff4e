/** What letters say of products, whatever the shop changes between any two events, over restarts (R2). */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createArchive } from '../actors/machines.ts'
import { parseMessage } from '../core/parse.ts'
import type { Message } from '../core/event.ts'
import { checkStore } from '../lab/check.ts'
import { render } from '../mail/render.ts'
import type { LetterData } from '../mail/view.ts'
import { createHeart, defaultShop, loadMachine, loadTemplates, machinesDirectory, openStore, templatesDirectory } from '../main.ts'
import type { Product } from '../store/products.ts'
import type { Change, Told } from './read-product.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const machine = loadMachine(machinesDirectory, {})
const templates = loadTemplates(templatesDirectory)
const ids = ['mug', 'cup', 'jug', 'pot']
const people = ['ann', 'bob']
const shop = { ...defaultShop, url: 'https://fern.example', cartUrl: 'https://fern.example/cart' }

type Deed =
  | { do: 'put'; product: Told }
  | { do: 'change'; change: Change }
  | { do: 'remove' | 'view' | 'add' | 'drop' | 'order'; id: string; who: string }
  | { do: 'wait'; ms: number }
  | { do: 'restart'; clean: boolean }

/** What the catalogue should hold, told a second time and plainly. */
class Shelf {
  readonly products = new Map<string, Product>()
  put(told: Told, now: number) {
    this.products.set(told.id, { ...told, source: 'shop', updated: now })
  }
  change({ id, set, clear }: Change, now: number) {
    const before = this.products.get(id)
    if (before === undefined || before.source === 'gone') return
    const after: Record<string, unknown> = { ...before, ...set, source: 'shop', updated: now }
    for (const field of clear) delete after[field]
    after['stock'] ??= null
    this.products.set(id, after as Product)
  }
  remove(id: string) {
    const before = this.products.get(id)
    if (before !== undefined) this.products.set(id, { ...before, source: 'gone', stock: 0 })
  }
}

const id = fc.constantFrom(...ids)
const who = fc.constantFrom(...people)
const facts = { price: fc.integer({ min: 1, max: 99 }), stock: fc.constantFrom(0, 0, 1, 7), name: fc.constantFrom('Blue', 'Red', 'Green') }
const told: fc.Arbitrary<Told> = fc.record({
  id,
  ...facts,
  currency: fc.constantFrom('EUR', 'USD'),
  url: fc.constant('https://fern.example/it'),
  image: fc.constant('https://fern.example/it.jpg'),
})
const change: fc.Arbitrary<Change> = fc
  .tuple(id, fc.record(facts, { requiredKeys: [] }), fc.subarray(['name', 'price', 'stock', 'image'] as const))
  .map(([one, set, clear]) => ({ id: one, set: Object.fromEntries(Object.entries(set).filter(([field]) => !(clear as string[]).includes(field))), clear }))
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('put' as const), product: told }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('change' as const), change }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), id, who }) },
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constantFrom('view' as const, 'view' as const, 'add' as const, 'add' as const, 'drop' as const, 'order' as const), id, who }),
  },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 10 * min, 31 * min, 80 * min, 25 * 60 * min, 26 * 60 * min) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), clean: fc.boolean() }) },
)

const names = { view: 'Product Viewed', add: 'Product Added', drop: 'Product Removed', order: 'Order Completed' } as const

function play(deeds: readonly Deed[]) {
  const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
  const shelf = new Shelf()
  let now = noon
  let sent = 0
  let letters = 0
  /** Lines of carts and looks, and recommendations, that letters froze. */
  let judged = 0

  function start() {
    const store = openStore(join(dir, 'beckon.db'))
    const heart = createHeart({
      store,
      machine,
      templates,
      shop,
      publicUrl: 'http://127.0.0.1:4650',
      from: { address: 'hello@fern.example' },
      policy: { consentRequired: false, holdout: {} },
      now,
      ids: { random: (bytes) => 'x'.repeat(bytes) },
      dataDir: dir,
      engine: { replayEventsMax: 12 },
    })
    return { store, ...heart }
  }
  let one = start()

  /** In a transaction; what letters it made must say what the shelf says now. */
  function turn(work: () => void) {
    one.store.begin()
    work()
    one.engine.behind.step(now, 1)
    one.store.commit()
    for (const row of one.store.letters.contents(Number.MAX_SAFE_INTEGER, 50).toReversed()) if (row.id > letters) judge((letters = row.id), row.data)
  }

  function judge(letter: number, text: string) {
    const data = JSON.parse(text) as LetterData
    for (const line of [...(data.lines ?? []), ...(data.product === undefined ? [] : [data.product])]) {
      judged++
      const product = shelf.products.get(line.id)
      if (product === undefined || product.source === 'learnt') continue
      if (product.source === 'gone') expect(line.stock).toBe(0)
      else {
        expect(line.stock).toBe(product.stock ?? undefined)
        if (product.name !== undefined) expect(line.name).toBe(product.name)
        if (product.price !== undefined && (product.currency ?? 'EUR') === 'EUR') expect(line.price).toBe(product.price)
        if (product.image !== undefined) expect(line.image).toBe(product.image)
      }
    }
    if ((data.lines ?? []).length > 0) expect(data.lines!.some(({ stock }) => stock !== 0)).toBe(true)
    for (const { id: shown, name, price, image } of data.recommended ?? []) {
      judged++
      const product = shelf.products.get(shown)!
      expect([product.source, product.stock]).not.toEqual(expect.arrayContaining(['gone']))
      expect(product.stock).not.toBe(0)
      expect({ name, price, image }).toEqual({ name: product.name, price: product.price, image: product.image })
    }
    expect(data.recommendedBy?.length).toBe(data.recommended?.length)
    const { template, subject } = one.store.letters.get(letter)!
    expect(render(templates, template, data)).toMatchObject({ subject })
  }

  function send(body: Record<string, unknown>) {
    const message = parseMessage(
      { timestamp: new Date(now).toISOString(), messageId: `m${++sent}`, ...body },
      { now: Infinity, ids: () => `m${sent}` },
    ) as Message
    turn(() => expect(one.engine.take({ message, source: 1, trust: 'browser', receivedAt: now })).toBeNull())
  }

  function act(what: Deed) {
    switch (what.do) {
      case 'put':
        shelf.put(what.product, now)
        return turn(() => one.shelf.catalog.put([what.product], now))
      case 'change':
        shelf.change(what.change, now)
        return turn(() => void one.shelf.catalog.change(what.change, now))
      case 'remove':
        shelf.remove(what.id)
        return turn(() => void one.shelf.catalog.remove(what.id, now))
      case 'wait':
        // Each timer at its own instant: the letters it brings say what the shop says then.
        for (const until = now + what.ms; now < until;) {
          now = Math.min(until, Math.max(now, Math.min(one.engine.lives.agenda.next(), until)))
          turn(() => void one.engine.fireDue(now, 100))
          if (one.engine.lives.agenda.next() > until) now = until
        }
        return
      case 'restart':
        if (what.clean) turn(() => one.engine.behind.finish())
        one.store.close()
        one = start()
        return
      default: {
        const line = { product_id: what.id, name: `Said ${what.id}`, price: 500, currency: 'EUR' }
        send({ type: 'track', userId: what.who, event: names[what.do], properties: what.do === 'order' ? { order_id: `o${sent}`, products: [line] } : line })
      }
    }
  }

  for (const name of people) send({ type: 'identify', userId: name, traits: { email: `${name}@shop.example` } })
  for (const what of deeds) {
    now += 1_000
    act(what)
  }
  act({ do: 'wait', ms: 27 * 60 * min })
  act({ do: 'restart', clean: true })
  const checked = checkStore(one.store, createArchive(one.store.meta, join(dir, 'read')), machine)
  expect(checked.findings).toEqual([])
  for (const product of shelf.products.values()) {
    const { updated: _, ...kept } = one.shelf.catalog.get(product.id)!
    const { updated: __, ...expected } = product
    expect(kept).toEqual(expected)
  }
  // Bytes that were frozen are the bytes that stay, whatever the shop has changed since.
  for (let n = 1; n <= letters; n++) {
    const letter = one.store.letters.get(n)
    const frozen = one.store.letters.frozen(n)
    if (letter !== undefined) expect(render(templates, letter.template, JSON.parse(frozen!.data) as LetterData)).toMatchObject({ subject: letter.subject })
  }
  one.store.close()
  return { letters, judged }
}

test('every letter says of every product what the catalogue said at that instant, whatever changes between events, and lives are told again', () => {
  let letters = 0
  let judged = 0
  fc.assert(
    fc.property(fc.array(deed, { minLength: 20, maxLength: 60 }), (deeds) => {
      const played = play(deeds)
      letters += played.letters
      judged += played.judged
    }),
    { numRuns: 15 },
  )
  expect(letters).toBeGreaterThan(20)
  expect(judged).toBeGreaterThan(20)
}, 60_000)
