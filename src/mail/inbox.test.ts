import { expect, test } from 'vitest'
import { createInboxPost } from './inbox.ts'

const envelope = { from: 'hello@fern.example', to: 'anna@example.com' }

test('the inbox keeps a letter once it may leave', async () => {
  let asked = 0
  expect(await createInboxPost().send(envelope, Buffer.from('x'), async () => ++asked > 0)).toEqual({ state: 'sent', reply: 'kept in the inbox' })
  expect(asked).toBe(1)
})

test('the inbox keeps no withdrawn letter', async () => {
  expect(await createInboxPost().send(envelope, Buffer.from('x'), async () => false)).toEqual({ state: 'failed', reply: 'withdrawn', hard: false })
})
