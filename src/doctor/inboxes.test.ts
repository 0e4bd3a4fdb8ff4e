/** Our letters before those who judge them: mailauth as a receiver, SpamAssassin as its filter. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authenticate } from 'mailauth'
import { beforeAll, describe, expect, test } from 'vitest'
import { composeMime } from '../mail/compose.ts'
import { signer } from '../mail/dkim.ts'
import { render } from '../mail/render.ts'
import { sampleLetter } from '../mail/sample.ts'
import { loadTemplates } from '../mail/templates.ts'
import type { LetterData } from '../mail/view.ts'
import { examine } from './doctor.ts'
import { instruments, shop, testKey } from './fake.ts'
import type { Zone } from './fake.ts'

const templates = loadTemplates('templates')
const names = templates.names()
const bare: Zone = { 'MX gmail.com': '5 a.net', 'A mail.shop.shop': '203.0.113.7', 'A beckon.shop.shop': '203.0.113.8' }

/** The DNS after somebody has pasted what the doctor proposes into a zone file, line for line. */
const zone = new Map<string, string[][]>()
const letters = new Map<string, Buffer>()

beforeAll(async () => {
  const { checks } = await examine(shop, instruments(bare))
  for (const { line } of checks.flatMap(({ records }) => records)) {
    const [, name, type, data] = /^(\S+)\. 3600 IN (\w+) (.*)$/.exec(line)!
    const strings = type === 'TXT' ? [...data!.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!) : [data!]
    zone.set(`${type} ${name}`, [...(zone.get(`${type} ${name}`) ?? []), strings])
  }
  const sign = signer({ domain: 'shop.shop', selector: 'beckon', privateKey: testKey.privateKey })
  for (const name of names) letters.set(name, Buffer.from(await sign(letterOf(name))))
})

function letterOf(name: string, changes: Partial<LetterData> = {}): Uint8Array {
  const shopUrl = (text: string) => text.replaceAll('fernandfable.example', 'shop.shop')
  const data = JSON.parse(shopUrl(JSON.stringify(sampleLetter(changes)))) as ReturnType<typeof sampleLetter>
  const rendered = render(templates, name, data)
  if ('missing' in rendered) throw new Error(`${name} lacks ${rendered.missing}`)
  return composeMime({
    from: { name: 'Fern & Fable', address: 'hello@shop.shop' },
    to: { address: 'anna@example.com' },
    subject: rendered.subject,
    html: rendered.html,
    text: rendered.text,
    messageId: `<Zk3vQ9tLw2Bq7XnR@beckon.shop.shop>`,
    date: data.at,
    unsubscribeUrl: data.links.unsubscribe,
  })
}

type Answer = string[][] | string[] | { exchange: string; priority: number }[]
const dns = async (name: string, type: string): Promise<Answer> => {
  const answer = zone.get(`${type} ${name}`) ?? (type === 'A' && name === 'mail.shop.shop' ? ['203.0.113.7'] : undefined)
  if (answer === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
  return answer as Answer
}

describe('a receiver that reads what the doctor proposed', () => {
  test.each(names)('finds SPF, DKIM and DMARC of %s in order, both unsubscribe headers signed', async (name) => {
    const verdict = (await authenticate(letters.get(name)!, {
      ip: '203.0.113.7',
      helo: 'mail.shop.shop',
      sender: 'hello@shop.shop',
      resolver: dns,
    } as never)) as unknown as Verdict
    expect(verdict.spf.status.result).toBe('pass')
    expect(verdict.dmarc.status.result).toBe('pass')
    expect(verdict.dkim.results.map(({ status }) => [status.result, status.aligned])).toEqual([['pass', 'shop.shop']])
    const signed = verdict.dkim.results[0]!.signingHeaders.keys.toLowerCase().split(/[:\s]+/)
    expect(signed).toEqual(expect.arrayContaining(['list-unsubscribe', 'list-unsubscribe-post', 'from', 'subject', 'date', 'message-id']))
  })

  test('and refuses the same letter when the unsubscribe headers are changed, or it comes from elsewhere', async () => {
    const forged = Buffer.from(letters.get('win-back')!.toString('latin1').replace('List-Unsubscribe=One-Click', 'List-Unsubscribe=Two-Click'), 'latin1')
    const verdict = (await authenticate(forged, {
      ip: '198.51.100.1',
      helo: 'evil.net',
      sender: 'hello@shop.shop',
      resolver: dns,
    } as never)) as unknown as Verdict
    expect(verdict.spf.status.result).toBe('softfail')
    expect(verdict.dkim.results[0]!.status.result).not.toBe('pass')
    expect(verdict.dmarc.status.result).toBe('fail')
  })
})

type Verdict = {
  spf: { status: { result: string } }
  dmarc: { status: { result: string } }
  dkim: { results: { status: { result: string; aligned?: string }; signingHeaders: { keys: string } }[] }
}

const hasFilter = spawnSync('spamassassin', ['-V'], { stdio: 'ignore' }).status === 0

describe('SpamAssassin', () => {
  const judged: { letter: string; score: number; rules: string }[] = []
  beforeAll(() => {
    if (!hasFilter) return console.info('SpamAssassin is not installed (apt-get install spamassassin), so it is not asked')
    const all: [name: string, mime: Buffer][] = [...letters]
    for (const name of names) all.push([`${name}, with little to say`, Buffer.from(letterOf(name, plainly))])
    all.push(['spam', Buffer.from(spam)])
    const scores = scoresOf(all.map(([, mime]) => mime))
    expect(scores).toHaveLength(all.length)
    judged.push(...scores.map((told, i) => ({ letter: all[i]![0], ...told })))
    console.info(judged.map(({ letter, score, rules }) => `${score.toFixed(1).padStart(6)}  ${letter}  ${rules}`).join('\n'))
  }, 120_000)

  test.skipIf(!hasFilter)('scores every default letter under 2.0, with much to say or little', () => {
    expect(judged.filter(({ letter, score }) => letter !== 'spam' && !(score < 2))).toEqual([])
  })

  test.skipIf(!hasFilter)('and would have said so of a bad one', () => {
    expect(judged.find(({ letter }) => letter === 'spam')!.score).toBeGreaterThan(5)
  })
})

const spam =
  'From: WIN <a@b.biz>\r\nTo: undisclosed\r\nSubject: VIAGRA!!! 100% FREE $$$ ACT NOW\r\n\r\nCLICK HERE for FREE V1AGRA, no prescription needed!!! You are a WINNER of $$$ 5,000,000 million dollars, act now\r\n'

/** No names, pictures, brands or recommendations: one product and its price. */
const line = { id: '7', name: 'Bud vase', price: 27, quantity: 1, url: 'https://shop.shop/products/7' }
const plainly: Partial<LetterData> = {
  customer: { email: 'anna@example.com' },
  lines: [line],
  product: line,
  order: { id: 'FF-1', total: 27, lines: [line] },
  recommended: [],
}

/** As the receiving host would hand them to it; no network, no rules but those installed, nothing learnt. */
function scoresOf(mimes: Buffer[]): { score: number; rules: string }[] {
  const home = mkdtempSync(join(tmpdir(), 'beckon-spam-'))
  try {
    const received =
      'Received: from mail.shop.shop (mail.shop.shop [5.75.200.7])\n\tby mx.example.com with ESMTPS id 4Zk3vQ9t for <anna@example.com>;\n\tMon, 23 Nov 2026 13:00:02 +0000\n'
    const mbox = mimes.map(
      (mime, i) =>
        `From hello@shop.shop Mon Nov 23 13:00:02 2026\nReturn-Path: <hello+${i}@shop.shop>\n${received}${mime.toString('latin1').replaceAll('\r\n', '\n')}\n`,
    )
    writeFileSync(join(home, 'letters'), mbox.join(''), 'latin1')
    const judged = execFileSync('spamassassin', ['-L', '-x', '--mbox', '--cf=use_bayes 0', '--cf=report_safe 0', join(home, 'letters')], {
      env: { ...process.env, HOME: home },
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 16 * 1024 * 1024,
    })
    // It hands them back in an order of its own.
    const scores: { score: number; rules: string }[] = []
    for (const one of judged.toString('latin1').split(/^From hello/m)) {
      const heads = one.replaceAll(/\n[ \t]+/g, ' ')
      const [, score, rules] = /^X-Spam-Status: .*? score=(-?[\d.]+).*? tests=(.*?) autolearn/m.exec(heads) ?? []
      const at = /^Return-Path: <hello\+(\d+)@/m.exec(heads)?.[1]
      if (score !== undefined && at !== undefined) scores[Number(at)] = { score: Number(score), rules: rules! }
    }
    return scores
  } finally {
    rmSync(home, { recursive: true })
  }
}
