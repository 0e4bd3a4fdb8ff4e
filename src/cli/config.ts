/** What a server is told: flags first, then the environment (and `.env`), then defaults. Secrets may come as `NAME_FILE`. */
import { existsSync, readFileSync } from 'node:fs'
import { BeckonError } from '../core/errors.ts'
import { addressOf, mailboxOf } from '../mail/address.ts'
import { parseRates } from '../mail/rates.ts'
import { parseWarmUp } from '../mail/warm-up.ts'
import { defaultShop } from '../main.ts'
import type { Relay, ServerConfig } from '../serve.ts'
import { parseSettings } from './options.ts'

export type Flags = { port: number; host: string; data: string; settings: string }

export function readConfig(flags: Flags): ServerConfig {
  const host = flags.host.includes(':') ? `[${flags.host}]` : flags.host
  const publicUrl = (text('BECKON_PUBLIC_URL') ?? `http://${host}:${flags.port}`).replace(/\/+$/, '')
  // Without a shop of its own the server has the demo's.
  const ownShop = url('BECKON_SHOP_URL')
  const shopUrl = ownShop ?? `${publicUrl}/demo`
  const name = text('BECKON_SHOP_NAME') ?? defaultShop.name
  const from = text('BECKON_FROM') ?? `${name} <hello@fern.example>`
  const sender = mailboxOf(from)
  if (sender === null) throw new BeckonError('address.invalid', `BECKON_FROM is "${from}"`)
  const warmUp = text('BECKON_WARM_UP')
  const dkimKey = text('BECKON_DKIM_KEY')
  const tokenSecret = text('BECKON_TOKEN_SECRET')
  const tokenKey = text('BECKON_TOKEN_PUBLIC_KEY')
  const asking = oneOf('BECKON_CONSENT', ['required', 'double'])
  return {
    port: flags.port,
    host: flags.host,
    dataDir: flags.data,
    settings: { ...parseSettings(flags.settings), ...(asking === 'double' ? { doubleOptIn: '1' } : {}) },
    publicUrl,
    isPublicUrlGiven: text('BECKON_PUBLIC_URL') !== undefined,
    shop: {
      ...defaultShop,
      name,
      url: shopUrl,
      cartUrl: url('BECKON_CART_URL') ?? (ownShop === undefined ? `${shopUrl}/cart` : new URL('cart', shopUrl).href),
      address: text('BECKON_SHOP_ADDRESS') ?? defaultShop.address,
      locale: text('BECKON_LOCALE') ?? defaultShop.locale,
      currency: text('BECKON_CURRENCY') ?? defaultShop.currency,
      timeZone: text('BECKON_TIME_ZONE') ?? defaultShop.timeZone,
      ...optional('codePrefix', codePrefix()),
      ...optional('logo', url('BECKON_SHOP_LOGO')),
      ...optional('supportEmail', text('BECKON_SUPPORT_EMAIL')),
    },
    from: sender,
    origins: new Set((text('BECKON_ORIGINS') ?? '').split(/[\s,]+/).filter(Boolean)),
    policy: {
      consentRequired: asking !== undefined,
      holdout: shares(text('BECKON_HOLDOUT') ?? ''),
      ...optional('salt', text('BECKON_EXPERIMENT_SALT')),
    },
    relays: relays(),
    rates: parseRates(text('BECKON_RATES') ?? ''),
    ...optional('warmUp', warmUp === undefined ? undefined : parseWarmUp(warmUp)),
    ...optional(
      'dkim',
      dkimKey === undefined
        ? undefined
        : { domain: text('BECKON_DKIM_DOMAIN') ?? sender.address.split('@')[1]!, selector: text('BECKON_DKIM_SELECTOR') ?? 'beckon', privateKey: dkimKey },
    ),
    ...optional(
      'token',
      tokenSecret === undefined && tokenKey === undefined
        ? undefined
        : { audience: text('BECKON_TOKEN_AUDIENCE') ?? publicUrl, ...optional('secret', tokenSecret), ...optional('publicKey', tokenKey) },
    ),
    bounces: readBounces(flags.host),
    signIn: isRequired('BECKON_SIGN_IN'),
    proxies: Number(text('BECKON_PROXIES') ?? 0),
    eventsPerSecond: Number(text('BECKON_EVENTS_PER_SECOND') ?? 20_000),
    hotMax: Number(text('BECKON_HOT_CUSTOMERS') ?? 50_000),
    relearnRows: whole('BECKON_RELEARN_EVENTS', 200_000),
    log: (text('BECKON_LOG') ?? 'info') as ServerConfig['log'],
  }
}

/** Where letters bounce to, and the secrets of providers' webhooks. */
function readBounces(host: string): NonNullable<ServerConfig['bounces']> {
  const domain = text('BECKON_BOUNCE_DOMAIN')?.toLowerCase()
  if (domain !== undefined && addressOf(`b@${domain}`) === null) throw new BeckonError('usage', `BECKON_BOUNCE_DOMAIN is "${domain}", which is no domain`)
  const port = Number(text('BECKON_BOUNCE_PORT') ?? 2525)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new BeckonError('usage', `BECKON_BOUNCE_PORT is "${text('BECKON_BOUNCE_PORT')}", which is no port`)
  const topics = (text('BECKON_SES_TOPIC') ?? '').split(/[\s,]+/).filter(Boolean)
  return {
    ...optional('smtp', domain === undefined ? undefined : { domain, port, host: text('BECKON_BOUNCE_HOST') ?? host }),
    webhooks: {
      sesTopics: topics,
      ...optional('sendgrid', text('BECKON_WEBHOOK_SENDGRID_KEY')),
      ...optional('mailgun', text('BECKON_WEBHOOK_MAILGUN_KEY')),
      ...optional('postmark', text('BECKON_WEBHOOK_POSTMARK_KEY')),
      ...optional('resend', text('BECKON_WEBHOOK_RESEND_KEY')),
    },
  }
}

/** Up to eight letters and digits, or none at all: `-`. */
function codePrefix(): string | undefined {
  const value = text('BECKON_CODE_PREFIX')
  if (value === '-') return ''
  if (value !== undefined && !/^[A-Z0-9]{1,8}$/i.test(value))
    throw new BeckonError('usage', `BECKON_CODE_PREFIX is "${value}": write up to 8 letters and digits, or - for none`)
  return value?.toUpperCase()
}

/** A lock that was misspelt must not stay open. */
function oneOf(name: string, words: readonly string[]): string | undefined {
  const value = text(name)
  if (value !== undefined && !words.includes(value)) throw new BeckonError('usage', `${name} is "${value}": write ${words.join(' or ')}, or leave it out`)
  return value
}

const isRequired = (name: string): boolean => oneOf(name, ['required']) !== undefined

/** An environment variable, or the content of the file named by NAME_FILE. */
function text(name: string): string | undefined {
  const value = process.env[name]
  if (value !== undefined && value !== '') return value
  const file = process.env[`${name}_FILE`]
  if (file === undefined || file === '') return undefined
  if (!existsSync(file)) throw new BeckonError('file.missing', `${name}_FILE names ${file}, which is not there`)
  return readFileSync(file, 'utf8').trim()
}

function whole(name: string, otherwise: number): number {
  const value = text(name) ?? String(otherwise)
  if (!/^\d{1,12}$/.test(value)) throw new BeckonError('usage', `${name} is "${value}": write a whole number`)
  return Number(value)
}

function url(name: string): string | undefined {
  const value = text(name)
  if (value !== undefined && !/^https?:$/.test(URL.parse(value)?.protocol ?? ''))
    throw new BeckonError('usage', `${name} is "${value}", which is no http(s) URL`)
  return value
}

/** The relays in order of preference: BECKON_SMTP_URL, which may name several with commas between, then BECKON_SMTP_URL_2. */
function relays(): Relay[] {
  const found = ['BECKON_SMTP_URL', 'BECKON_SMTP_URL_2'].flatMap((name) =>
    (text(name) ?? '')
      .split(/[\s,]+/)
      .filter(Boolean)
      .map((value) => readSmtp(name, value)),
  )
  const twice = found.find(({ host, port }, n) => found.findIndex((other) => other.host === host && other.port === port) < n)
  if (twice !== undefined) throw new BeckonError('usage', `the relay ${twice.host}:${twice.port} is named twice`)
  return found
}

/** `smtp://user:password@host:587` or `smtps://…`. */
function readSmtp(name: string, value: string): Relay {
  const parsed = URL.parse(value)
  if (parsed === null || !/^smtps?:$/.test(parsed.protocol) || parsed.hostname === '') throw new BeckonError('usage', `${name} is no smtp:// or smtps:// URL`)
  const secure = parsed.protocol === 'smtps:'
  return {
    host: parsed.hostname,
    port: parsed.port === '' ? (secure ? 465 : 587) : Number(parsed.port),
    secure,
    ...optional('user', parsed.username === '' ? undefined : decodeURIComponent(parsed.username)),
    ...optional('pass', parsed.password === '' ? undefined : decodeURIComponent(parsed.password)),
  }
}

/** `cart=0.1,browsing=0.05`. */
function shares(value: string): Record<string, number> {
  return Object.fromEntries(
    Object.entries(parseSettings(value)).map(([journey, share]) => {
      const number = Number(share)
      if (!(number >= 0 && number <= 1)) throw new BeckonError('usage', `BECKON_HOLDOUT gives ${journey} the share "${share}": write a number from 0 to 1`)
      return [journey, number]
    }),
  )
}

const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } => (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }
