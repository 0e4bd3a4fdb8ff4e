import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createPasswords, passwordFault } from './passwords.ts'

const ids = { random: (bytes: number) => randomBytes(bytes).toString('base64url') }

test('a password is known again in whatever form its accents were typed, and no other is', async () => {
  const passwords = createPasswords(ids)
  const kept = (await passwords.hash('Zoë by the sea')) as string
  expect(kept).not.toBe(await passwords.hash('Zoë by the sea'))
  expect(await passwords.matches('Zoe\u0308 by the sea', kept)).toBe(true)
  expect(await passwords.matches('Zoe by the sea', kept)).toBe(false)
  expect(await passwords.matches('', kept)).toBe(false)
})

test('a name that nobody bears costs as much as one that somebody does', async () => {
  const passwords = createPasswords(ids)
  const kept = (await passwords.hash('a heron at dawn')) as string
  const cost = async (of: string | undefined) => {
    let best = Infinity
    for (let n = 0; n < 4; n++) {
      const from = performance.now()
      await passwords.matches('a heron at dusk', of)
      best = Math.min(best, performance.now() - from)
    }
    return best
  }
  const [somebody, nobody] = [await cost(kept), await cost(undefined)]
  expect(nobody).toBeGreaterThan(somebody / 3)
  expect(nobody).toBeLessThan(somebody * 3)
})

test('a flood of passwords waits in line, and past its end is refused', async () => {
  const passwords = createPasswords(ids)
  const cheap = 'scrypt:16:1:1:AAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
  const flood = () => Promise.all(Array.from({ length: 50 }, () => passwords.matches('x', cheap)))
  const answers = await flood()
  expect(answers.filter((answer) => answer === false)).toHaveLength(34)
  expect(answers.filter((answer) => typeof answer === 'object')).toHaveLength(16)
  expect((await flood()).filter((answer) => answer === false)).toHaveLength(34)
})

test('long passphrases of any letters are good enough', () => {
  for (const password of ['a heron at dawn', '七転び八起き七転び八起き', '4711-heron-4711', 'x'.repeat(3) + 'yz and more'])
    expect(passwordFault(password, 'Ann')).toBeNull()
})
