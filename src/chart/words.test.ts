import { expect, test } from 'vitest'
import { createMachine } from 'xstate'
import { customer } from '../../machines/customer.ts'
import { settings } from '../../machines/settings.ts'
import { delayWords, eventWords, guardWords } from './words.ts'

const machine = customer(settings)

test.each([
  ['site.product_added', 'Product Added'],
  ['shop.order_refunded', 'Order Refunded'],
  ['site.*', 'anything they do'],
  ['site.cart.*', 'anything of Cart'],
  ['crm.*', 'anything of Crm'],
  ['*', 'anything at all'],
  ['mail.opened', 'letter opened'],
  ['letter.queued', 'a letter was queued'],
  ['letter.*', 'decided'],
  ['always', 'at once'],
  ['', 'at once'],
  ['NEXT', 'NEXT'],
  ['xstate.done.state.order.paid', 'once it is done'],
  ['xstate.after.abandonAfter.customer.cart.active', 'after 30 min'],
  ['xstate.after.90000.customer.cart.active', 'after 1 min 30 s'],
  ['xstate.after.someTime.customer.cart.active', 'after “some time”'],
])('the event %s is told as “%s”', (type, words) => {
  expect(eventWords(type, settings)).toBe(words)
})

test.each([
  [0, '0 s'],
  [400, '400 ms'],
  [1_800_000, '30 min'],
  [5_400_000, '1 h 30 min'],
  [86_400_000, '24 h'],
  [172_800_000, '2 d'],
  [2_592_000_000, '30 d'],
])('a delay of %i ms is told as “%s”', (ms, words) => {
  expect(delayWords(ms)).toBe(words)
})

test.each([
  ['namesProduct', 'names product'],
  ['isVIPCustomer', 'is VIP customer'],
  ['answers', 'about this letter'],
  ['(inline)', 'a condition'],
  ['stateIn(#quiet)', 'presence is quiet'],
  ['not(stateIn(#recent))', 'purchase recency is not recent'],
  ['stateIn(#customer.cart.abandoned.pending)', 'cart is abandoned, pending'],
  ['stateIn({"cart":"active","presence":"quiet"})', 'cart is active and presence is quiet'],
  ['not(hasLines)', 'not has lines'],
  ['and(hasLines, or(isVIP, not(stateIn(#quiet))))', 'has lines and (is VIP or presence is not quiet)'],
  ['stateIn(#nowhere)', 'is in #nowhere'],
])('the guard %s is told as “%s”', (name, words) => {
  expect(guardWords(machine, name)).toBe(words)
})

test('no guard has no words; a state of a machine without regions needs no subject', () => {
  expect(guardWords(machine, null)).toBeNull()
  expect(guardWords(createMachine({ initial: 'a', states: { a: {}, b: {} } }), 'stateIn(b)')).toBe('is b')
})
