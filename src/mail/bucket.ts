/**
 * A domain's tokens: a letter takes one, time gives them back. Told to slow down, the domain is held for a while and its
 * rate halved; from then on it grows by a twentieth of its full rate a minute. Pure.
 */
import type { Rate } from './rates.ts'

/** As of `at`, ms. `until`: held to then. `strikes`: how often it was told to slow down since it last had its full rate. */
export type Bucket = { readonly tokens: number; readonly at: number; readonly perMinute: number; readonly until: number; readonly strikes: number }

const minuteMs = 60_000
const holdFirstMs = 60_000
export const holdMaxMs = 3_600_000
/** Never slower than this share of the full rate, and never under one letter in two minutes. */
const slowestShare = 1 / 64
const slowestPerMinute = 0.5
/** What a rate without limit comes down from, and goes back to. */
const unlimitedPerMinute = 6_000

const ceilingOf = (rate: Rate): number => Math.min(rate.perMinute, unlimitedPerMinute)

/** After a start one letter may go at once: how many went just before is not known. */
export const newBucket = (rate: Rate, now: number): Bucket => ({ tokens: 1, at: now, perMinute: rate.perMinute, until: 0, strikes: 0 })

/** What time has given since it was last looked at. A clock set back gives nothing, and makes no hold longer than the longest. */
export function refill(bucket: Bucket, rate: Rate, now: number): Bucket {
  const until = bucket.until - now > holdMaxMs ? now + holdMaxMs : bucket.until
  const minutes = Math.max(0, now - Math.max(bucket.at, until)) / minuteMs
  const grown = bucket.perMinute + (ceilingOf(rate) / 20) * minutes
  const isFull = grown >= ceilingOf(rate)
  const perMinute = isFull ? rate.perMinute : grown
  const tokens = perMinute === Infinity ? Infinity : Math.min(rate.burst, (bucket.tokens === Infinity ? 0 : bucket.tokens) + minutes * perMinute)
  return { tokens, at: now, perMinute, until, strikes: isFull && until <= now ? 0 : bucket.strikes }
}

/** How many letters may go now. Of a bucket just refilled. */
export const roomOf = ({ tokens, until, at }: Bucket): number => (at < until ? 0 : Math.floor(tokens + 1e-6))

/** When the next letter may go. Of a bucket just refilled. */
export function opensAt({ tokens, at, perMinute, until }: Bucket): number {
  const from = Math.max(at, until)
  return tokens + 1e-6 >= 1 ? from : from + Math.ceil(((1 - tokens) / perMinute) * minuteMs)
}

export const withTokens = (bucket: Bucket, more: number): Bucket => ({ ...bucket, tokens: bucket.tokens + more })

/** Told to slow down, perhaps for so long. What was under way when it was told the first time is told so too: that counts once. */
export function slowed(bucket: Bucket, rate: Rate, now: number, waitMs: number | null): Bucket {
  const fresh = refill(bucket, rate, now)
  if (now < fresh.until) return fresh
  const slowest = Math.max(ceilingOf(rate) * slowestShare, Math.min(slowestPerMinute, ceilingOf(rate)))
  const perMinute = Math.max(Math.min(fresh.perMinute, ceilingOf(rate)) / 2, slowest)
  const wait = Math.min(waitMs ?? holdFirstMs * 2 ** fresh.strikes, holdMaxMs)
  return { tokens: 0, at: now, perMinute, until: now + wait, strikes: Math.min(fresh.strikes + 1, 16) }
}
