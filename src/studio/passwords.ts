/**
 * Passwords: which are good enough, and how they are kept. Hashing costs 32 MB and tens of ms on a thread of its own, so
 * that only a few run at once and a queue past its end is refused.
 */
import { scrypt, timingSafeEqual } from 'node:crypto'
import { isRefusal } from '../core/errors.ts'
import type { Refusal } from '../core/errors.ts'
import type { Ids } from '../core/world.ts'
import { fold } from './names.ts'

export type Passwords = ReturnType<typeof createPasswords>

const passwordLimits = { charsMin: 10, charsMax: 256 } as const

type Cost = { N: number; r: number; p: number }
const cost: Cost = { N: 2 ** 15, r: 8, p: 1 }
const keyBytes = 32
const atOnceMax = 2
const waitingMax = 32

export function createPasswords(ids: Ids) {
  // Stands for the password of whoever is not there, so that their name costs the same time as any other.
  const nobody = store(cost, ids.random(16), Buffer.from(ids.random(keyBytes), 'base64url'))
  const waiting: (() => void)[] = []
  let running = 0

  async function derive(password: string, salt: string, { N, r, p }: Cost, bytes: number): Promise<Buffer | Refusal> {
    if (running >= atOnceMax) {
      if (waiting.length >= waitingMax) return { refused: 'overload' }
      await new Promise<void>((go) => waiting.push(go))
    } else running++
    try {
      return await new Promise((resolve, reject) =>
        scrypt(password.normalize('NFKC'), Buffer.from(salt, 'base64url'), bytes, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
          error === null ? resolve(key) : reject(error),
        ),
      )
    } finally {
      // Whoever waits takes over the place as it is, or a third could slip in between.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }

  return {
    /** What to keep of a password: its parameters, a salt and a hash. */
    async hash(password: string): Promise<string | Refusal> {
      const salt = ids.random(16)
      const key = await derive(password, salt, cost, keyBytes)
      return isRefusal(key) ? key : store(cost, salt, key)
    },
    /** Whether a password is the one that was kept; never for undefined, which takes as long. */
    async matches(password: string, kept: string | undefined): Promise<boolean | Refusal> {
      const [, N, r, p, salt = '', hash = ''] = (kept ?? nobody).split(':')
      const expected = Buffer.from(hash, 'base64url')
      const key = await derive(password, salt, { N: Number(N), r: Number(r), p: Number(p) }, expected.length)
      return isRefusal(key) ? key : timingSafeEqual(key, expected) && kept !== undefined
    },
  }
}

const store = ({ N, r, p }: Cost, salt: string, key: Buffer) => ['scrypt', N, r, p, salt, key.toString('base64url')].join(':')

/** Why a password is not good enough for this person, as the end of "password …"; null when it is. Pure. */
export function passwordFault(password: string, name: string): string | null {
  const { length } = Array.from(password)
  if (length < passwordLimits.charsMin) return `has fewer than ${passwordLimits.charsMin} characters`
  if (length > passwordLimits.charsMax) return `has more than ${passwordLimits.charsMax} characters`
  const folded = fold(password)
  if (folded === fold(name)) return 'is the name'
  if (common.has(folded) || new Set(folded).size < 3) return 'is one of the first that others would try'
  return null
}

/** Those of ten characters and more that every list of leaked passwords begins with. */
const common = new Set(
  (
    '1234567890 0123456789 9876543210 0987654321 12345678910 123456789a a123456789 123456789q 1234567891 123123123123 1231231234 112233445566 ' +
    '1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4t5 q1w2e3r4t5y6 1qaz2wsx3edc 1qazxsw23edc zaq12wsxcde3 qazwsxedcrfv qwertyuiop qwertyuiop123 qwerty1234 ' +
    'qwerty12345 qwerty123456 1234qwerasdf asdfghjkl1 asdfghjkl123 zxcvbnm123 azertyuiop abcdefghij abcdefghijk abcd123456 abc1234567 ' +
    'password12 password123 password1234 password12345 password1! password123! passw0rd123 p@ssword123 p@ssw0rd123 mypassword passwordpassword ' +
    'iloveyou12 iloveyou123 iloveyou1234 letmein123 letmein1234 welcome123 welcome1234 welcome123! administrator administrator1 admin12345 ' +
    'admin123456 adminadmin changeme123 changeme1234 changemenow sunshine123 princess123 football123 baseball123 superman123 basketball ' +
    'trustno1trustno1 monkey12345 dragon12345 master12345 correcthorsebatterystaple beckon1234 beckonbeckon'
  ).split(' '),
)
