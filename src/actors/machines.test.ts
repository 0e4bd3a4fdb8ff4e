import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkFiles } from '../lab/check.ts'
import { loadTemplates } from '../mail/templates.ts'
import { machinesDirectory, templatesDirectory } from '../main.ts'
import { openShop } from '../sim/shop.ts'
import { loadMachine } from './load-machine.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const min = 60_000
const h = 60 * min
const temporary = () => mkdtempSync(join(tmpdir(), 'beckon-'))

/** A shop's own copy of the machines with some words changed. */
function changed(file: string, from: string, to: string, more: Record<string, string> = {}) {
  const dir = temporary()
  cpSync(machinesDirectory, dir, { recursive: true })
  const source = readFileSync(join(dir, file), 'utf8')
  expect(source).toContain(from)
  writeFileSync(join(dir, file), source.replace(from, to))
  for (const [name, text] of Object.entries(more)) writeFileSync(join(dir, name), text)
  return dir
}

test('a shop’s machines may lie anywhere and use #kit and xstate', () => {
  const machine = loadMachine(changed('settings.ts', 'minutes(30)', 'minutes(45)'))
  expect(machine.settings['abandonAfter']).toBe(45 * min)
  expect(machine.hash).not.toBe(loadMachine(machinesDirectory).hash)
})

test('settings are amounts, presets are known, anything else is named', () => {
  const settings = loadMachine(machinesDirectory, { preset: 'klaviyo', quietFor: '90s', views: '4' }).settings
  expect(settings).toMatchObject({ abandonAfter: 4 * h, quietFor: 90_000, views: 4 })
  expect(() => loadMachine(machinesDirectory, { colour: 'red' })).toThrow(expect.objectContaining({ code: 'setting.unknown' }))
  expect(() => loadMachine(machinesDirectory, { quietFor: 'soon' })).toThrow(expect.objectContaining({ code: 'setting.unknown' }))
  expect(() => loadMachine(machinesDirectory, { preset: 'other' })).toThrow(expect.objectContaining({ code: 'setting.unknown' }))
})

test('a machine that does not parse, or that invokes, is refused with its file', () => {
  const broken = changed('cart.ts', 'export const cart', 'export const const cart')
  expect(() => loadMachine(broken)).toThrow(expect.objectContaining({ code: 'machine.refused', message: expect.stringContaining('customer.ts') }))
  const invoking = changed('presence.ts', "quiet: { id: 'quiet' }", "quiet: { id: 'quiet', invoke: { src: 'fetchSomething' } }")
  expect(() => loadMachine(invoking)).toThrow(expect.objectContaining({ code: 'machine.refused', message: expect.stringContaining('invoke in quiet') }))
})

test('the shipped machines and templates find each other', () => {
  expect(checkFiles(loadMachine(machinesDirectory), loadTemplates(templatesDirectory))).toEqual([])
})

test('a new journey is one file, one line and one rule: the README’s example works', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const example = /```ts\n(export const wishlist[^]*?)```/.exec(readme)![1]!
  const dir = changed('customer.ts', 'purchase, engagement', 'wishlist, purchase, engagement', {
    'wishlist.ts': `import { asks, lineOf, region } from '#kit'\nimport type { Line } from '#kit'\n${example}`,
  })
  const customer = readFileSync(join(dir, 'customer.ts'), 'utf8')
  writeFileSync(join(dir, 'customer.ts'), customer.replace('import type', "import { wishlist } from './wishlist.ts'\nimport type"))
  const settings = readFileSync(join(dir, 'settings.ts'), 'utf8')
  writeFileSync(
    join(dir, 'settings.ts'),
    settings
      .replace('  // cart', '  wishAfter: hours(2),\n  // cart')
      .replace(
        "  'win-back'",
        "  'wish-reminder': { journey: 'wishlist', priority: 'low', window: hours(24), allowClaimed: true, unknown: 'hold' },\n  'win-back'",
      ),
  )
  const machine = loadMachine(dir)
  expect(checkFiles(machine, loadTemplates(templatesDirectory)).map(({ what }) => what)).toEqual([
    expect.stringContaining('there is no templates/wish-reminder.eta'),
  ])
  const shop = openShop({ machine })
  shop.track('ann', 'Product Added to Wishlist', noon, { product_id: 'mug' })
  shop.pass(noon + 3 * h)
  expect(shop.words()).toEqual(['wish-reminder skipped nothing-to-say'])
})

const nightly = () =>
  loadMachine(changed('settings.ts', 'timeZone: string } | null = null', "timeZone: string } | null = { from: '21:00', to: '08:00', timeZone: 'UTC' }"))
const evening = Date.parse('2026-03-02T20:45:00Z')
const morning = Date.parse('2026-03-03T08:00:00Z')

test('a letter that falls into the night waits for the morning, and is decided then', () => {
  const shop = openShop({ machine: nightly() })
  shop.track('ann', 'Product Added', evening, { product_id: 'mug' })
  shop.pass(morning - 1)
  expect(shop.words()).toEqual([])
  expect(shop.check().findings).toEqual([])
  shop.pass(morning)
  expect(shop.words()).toEqual(['cart-abandoned queued'])
  expect(shop.decisions()[0]!.at).toBe(morning)
  shop.pass(morning + 24 * h)
  expect(shop.decisions()[1]).toMatchObject({ template: 'cart-discount', at: morning + 24 * h })
  expect(shop.check().findings).toEqual([])
})

test('a letter that waits is withdrawn when the customer comes back for the cart', () => {
  const shop = openShop({ machine: nightly() })
  shop.track('ann', 'Product Added', evening, { product_id: 'mug' })
  shop.pass(evening + h)
  shop.track('ann', 'Order Completed', evening + 2 * h, {})
  shop.pass(morning + h)
  expect(shop.words()).toEqual(['order-thanks queued'])
  expect(shop.check().findings).toEqual([])
})

test('customers keep their place when the machine changes, and its old version tells the log’s tail after a crash', () => {
  const dir = temporary()
  const old = openShop({ dir })
  old.track('ann', 'Product Added', noon, { product_id: 'mug' })
  old.finish()
  old.track('ann', 'Product Viewed', noon + 5 * min, { product_id: 'cup' })
  old.track('bob', 'Product Added', noon + 6 * min, { product_id: 'cup' })
  old.close()

  const machine = loadMachine(changed('cart.ts', "after: { abandonAfter: 'abandoned' }", "after: { abandonAfter: 'abandoned' },\n        tags: ['new']"), {
    abandonAfter: '10m',
  })
  const later = openShop({ dir, machine })
  expect(later.recovered).toBe(2)
  expect(later.states('u:ann')).toMatchObject({ cart: 'active' })
  later.pass(noon + 20 * min)
  expect(later.words()).toEqual([])
  later.pass(noon + 36 * min)
  expect(later.words()).toEqual(['cart-abandoned queued', 'cart-abandoned queued'])
  later.track('cyd', 'Product Added', noon + 40 * min, { product_id: 'cup' })
  later.pass(noon + 60 * min)
  expect(later.words().length).toBe(3)
  expect(later.check().findings).toEqual([])
  later.close()

  const back = openShop({ dir })
  back.pass(noon + 30 * h)
  expect(back.words().filter((words) => words.startsWith('cart-discount'))).toEqual(Array(3).fill('cart-discount queued'))
  expect(back.check().findings).toEqual([])
  back.close()
})

test('a state that is gone strands nobody: that journey starts again, the others go on', () => {
  const dir = temporary()
  const old = openShop({ dir })
  old.track('ann', 'Product Added', noon, { product_id: 'mug' })
  old.pass(noon + h)
  old.finish()
  old.close()
  const source = readFileSync(join(machinesDirectory, 'cart.ts'), 'utf8')
  const machine = loadMachine(changed('cart.ts', source, source.replaceAll('abandoned', 'forsaken').replaceAll('cart-forsaken', 'cart-abandoned')))
  const later = openShop({ dir, machine })
  expect(later.states('u:ann')).toMatchObject({ cart: 'empty', presence: 'quiet', engagement: { reachable: 'engaged' } })
  later.track('ann', 'Product Added', noon + 30 * h, { product_id: 'cup' })
  later.pass(noon + 31 * h)
  expect(later.words()).toEqual(['cart-abandoned queued', 'cart-abandoned queued'])
  expect(later.check().findings).toEqual([])
  later.close()
})
