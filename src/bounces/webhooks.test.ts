import { createHmac, createSign, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Outcome } from '../actors/intake.ts'
import { codes, isRefusal } from '../core/errors.ts'
import type { Clock } from '../core/world.ts'
import { createFake } from '../gateway/fake.ts'
import type { Webhooks } from '../gateway/webhooks.ts'
import { letterToken } from '../mail/links.ts'
import { openStore } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import { hashAddress } from '../store/suppressions.ts'
import { createLedger } from './ledger.ts'
import { createVerp } from './verp.ts'
import { createWebhooks } from './webhooks.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const iso = (at = noon) => new Date(at).toISOString()
const seconds = (at = noon) => String(Math.floor(at / 1_000))
const hash = (address: string) => hashAddress('secret', address)
const verp = createVerp('secret', 'bounces.fern.example')
const topic = 'arn:aws:sns:eu-west-1:123456789012:beckon'

const sendgridKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const snsKeys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const resendKey = Buffer.from('a key of twenty-four by.')
const certificateUrl = 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-abc123.pem'

let now = noon
const clock: Clock = { now: () => now, after: () => () => {} }
let store: Store
let told: Outcome[]
let fetched: string[]
let webhooks: Webhooks
let certificate: string

beforeEach(() => {
  now = noon
  store = openStore(':memory:', { scratch: true })
  told = []
  fetched = []
  certificate = certificateOf(snsKeys, noon - 86_400_000, noon + 86_400_000)
  const intake = { tell: async (outcome: Outcome) => void told.push(outcome) }
  const ledger = createLedger({ ...store, hash, clock, intake, addressOf: (customer) => store.letters.of(customer).at(-1)?.recipient })
  webhooks = createWebhooks({
    verp,
    letters: store.letters,
    ledger,
    clock,
    fetchText: async (url) => {
      fetched.push(url)
      return url === certificateUrl ? certificate : 'ok'
    },
    secrets: {
      sesTopics: [topic],
      sendgrid: sendgridKeys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      mailgun: 'mailgun-key',
      postmark: 'postmark-secret',
      resend: `whsec_${resendKey.toString('base64')}`,
    },
  })
})

/** A letter that a provider has taken; its Message-ID. */
function sent(id: number, recipient: string, at = noon - 60_000): string {
  const token = letterToken('secret', String(id))
  const letter = {
    id,
    token,
    customer: id * 10,
    template: 'cart-abandoned',
    recipient,
    subject: 'Hello',
    messageId: `<${token}@beckon.example>`,
    at,
    resend: 0 as const,
  }
  store.letters.insert({ ...letter, data: '{}', links: '[]', mime: Buffer.from('') })
  store.letters.attempting(id, at)
  store.letters.flushing(id, at)
  store.letters.settle(id, { state: 'sent', nextAt: null, reply: '250 OK', resend: 0 }, at)
  return letter.messageId
}

type Call = { headers: Record<string, string>; body: Buffer }
const bodyOf = (json: unknown) => Buffer.from(JSON.stringify(json))
const take = (provider: string, { headers, body }: Call) => webhooks.take(provider, { headers, body })
const types = () => told.map(({ messageId }) => messageId).sort()
const reasonOf = (address: string) => store.suppressions.has(hash(address))
const heard = () => Object.fromEntries(store.bounces.heard().map(({ source, what, n }) => [`${source} ${what}`, n]))

function bySendgrid(events: unknown, at = noon): Call {
  const body = bodyOf(events)
  const signature = sign('sha256', Buffer.concat([Buffer.from(seconds(at)), body]), { key: sendgridKeys.privateKey, dsaEncoding: 'der' }).toString('base64')
  return { body, headers: { 'x-twilio-email-event-webhook-signature': signature, 'x-twilio-email-event-webhook-timestamp': seconds(at) } }
}

function byMailgun(event: unknown, { at = noon, token = 'f'.repeat(50) } = {}): Call {
  const signature = createHmac('sha256', 'mailgun-key')
    .update(seconds(at) + token)
    .digest('hex')
  return { headers: {}, body: bodyOf({ signature: { timestamp: seconds(at), token, signature }, 'event-data': event }) }
}

const byPostmark = (event: unknown, password = 'postmark-secret'): Call => ({
  headers: { authorization: `Basic ${btoa(`beckon:${password}`)}` },
  body: bodyOf(event),
})

function byResend(event: unknown, { at = noon, id = 'msg_1' } = {}): Call {
  const body = bodyOf(event)
  const signature = createHmac('sha256', resendKey)
    .update(`${id}.${seconds(at)}.`)
    .update(body)
    .digest('base64')
  return { body, headers: { 'svix-id': id, 'svix-timestamp': seconds(at), 'svix-signature': `v1,AAAA v1,${signature}` } }
}

type Sns = { type?: string; version?: '1' | '2'; at?: number; topicArn?: string; url?: string; more?: Record<string, string>; id?: string }

function bySns(
  message: unknown,
  { type = 'Notification', version = '2', at = noon, topicArn = topic, url = certificateUrl, more = {}, id = 'sns-1' }: Sns = {},
): Call {
  const fields: Record<string, string> = {
    Type: type,
    MessageId: id,
    TopicArn: topicArn,
    Message: typeof message === 'string' ? message : JSON.stringify(message),
    Timestamp: iso(at),
    ...more,
  }
  const signed = [
    'Message',
    'MessageId',
    ...(type === 'Notification' ? ['Subject'] : ['SubscribeURL']),
    'Timestamp',
    ...(type === 'Notification' ? [] : ['Token']),
    'TopicArn',
    'Type',
  ]
  const text = signed.flatMap((name) => (fields[name] === undefined ? [] : [`${name}\n${fields[name]}\n`])).join('')
  const signature = createSign(version === '1' ? 'sha1' : 'sha256')
    .update(text)
    .sign(snsKeys.privateKey, 'base64')
  return {
    headers: { 'content-type': 'text/plain; charset=UTF-8' },
    body: bodyOf({ ...fields, SignatureVersion: version, Signature: signature, SigningCertURL: url }),
  }
}

const sesBounce = (messageId: string, recipient: string, bounce: object = {}) => ({
  notificationType: 'Bounce',
  mail: { timestamp: iso(), source: 'hello@fern.example', messageId: '0100-ses', destination: [recipient], commonHeaders: { messageId, subject: 'Hello' } },
  bounce: {
    bounceType: 'Permanent',
    bounceSubType: 'General',
    reportingMTA: 'dns; a1.amazonses.example',
    timestamp: iso(),
    bouncedRecipients: [{ emailAddress: recipient, action: 'failed', status: '5.1.1', diagnosticCode: `smtp; 550 5.1.1 <${recipient}>: no such user` }],
    ...bounce,
  },
})

describe('SES', () => {
  test.each(['1', '2'] as const)('a bounce in a message that SNS signed (version %s) reaches its letter', async (version) => {
    const messageId = sent(1, 'anna@example.com')
    expect(await take('ses', bySns(sesBounce(messageId, 'anna@example.com'), { version }))).toEqual({ events: 1 })
    expect(reasonOf('anna@example.com')).toBe('bounce')
    expect(store.bounces.of(1)).toMatchObject([
      { kind: 'hard', status: '5.1.1', words: '550 5.1.1 <***@example.com>: no such user', mta: 'a1.amazonses.example', source: 'webhook:ses' },
    ])
    expect(types()).toEqual(['bounced:1'])
  })

  test('a letter is known by its signed sender too', async () => {
    sent(1, 'anna@example.com')
    const said = sesBounce('none', 'someone-else@example.com')
    said.mail.source = verp.addressFor(letterToken('secret', '1'))
    await take('ses', bySns(said))
    expect(types()).toEqual(['bounced:1'])
  })

  test('a full mailbox is no reason to stop, and a reply that somebody is away is nothing at all', async () => {
    const messageId = sent(1, 'anna@example.com')
    await take(
      'ses',
      bySns(
        sesBounce(messageId, 'anna@example.com', {
          bounceType: 'Transient',
          bounceSubType: 'General',
          bouncedRecipients: [{ emailAddress: 'anna@example.com' }],
        }),
        { id: 'a' },
      ),
    )
    expect(store.bounces.of(1)).toEqual([])
    await take(
      'ses',
      bySns(
        sesBounce(messageId, 'anna@example.com', {
          bounceType: 'Transient',
          bounceSubType: 'MailboxFull',
          bouncedRecipients: [{ emailAddress: 'anna@example.com', status: '5.2.2' }],
        }),
        { id: 'b' },
      ),
    )
    expect(store.bounces.of(1)).toMatchObject([{ kind: 'soft', reason: 'full' }])
    expect(told).toEqual([])
  })

  test('a complaint is one, unless it says that the letter was no spam', async () => {
    const mail = { commonHeaders: { messageId: sent(1, 'anna@example.com') } }
    const complaint = (complaintFeedbackType: string) => ({
      eventType: 'Complaint',
      mail,
      complaint: { complaintFeedbackType, timestamp: iso(), complainedRecipients: [{ emailAddress: 'anna@example.com' }] },
    })
    await take('ses', bySns(complaint('not-spam'), { id: 'a' }))
    expect(told).toEqual([])
    await take('ses', bySns(complaint('abuse'), { id: 'b' }))
    expect(types()).toEqual(['complained:1'])
    expect(reasonOf('anna@example.com')).toBe('complaint')
  })

  test('certificates come from SNS over https alone, and once', async () => {
    const said = sesBounce(sent(1, 'anna@example.com'), 'anna@example.com')
    for (const url of [
      'http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-abc123.pem',
      'https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-abc123.pem',
      'https://evil.example/SimpleNotificationService-abc123.pem',
      'https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-abc123.pem',
      'https://a@sns.eu-west-1.amazonaws.com/SimpleNotificationService-abc123.pem',
      'https://bucket.s3.amazonaws.com/SimpleNotificationService-abc123.pem',
      'https://sns.eu-west-1.amazonaws.com/other.pem',
      'file:///etc/passwd',
    ])
      expect(await take('ses', bySns(said, { url }))).toEqual({ refused: 'webhook.unsigned' })
    expect(fetched).toEqual([])
    await take('ses', bySns(said, { id: 'a' }))
    await take('ses', bySns(said, { id: 'b' }))
    expect(fetched).toEqual([certificateUrl])
  })

  test('a certificate that has run out signs nothing', async () => {
    certificate = certificateOf(snsKeys, noon - 172_800_000, noon - 86_400_000)
    expect(await take('ses', bySns(sesBounce('x', 'anna@example.com')))).toEqual({ refused: 'webhook.unsigned' })
  })

  test('a subscription is confirmed for a listed topic only, and only at SNS', async () => {
    const SubscribeURL = 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t'
    const ask = (more: Record<string, string>, topicArn = topic) =>
      take('ses', bySns('You have chosen to subscribe', { type: 'SubscriptionConfirmation', topicArn, more: { Token: 't', ...more } }))
    expect(await ask({ SubscribeURL }, `${topic}-other`)).toMatchObject({ refused: 'webhook.topic_unlisted' })
    expect(await ask({ SubscribeURL: 'https://evil.example/?Action=ConfirmSubscription' })).toEqual({ refused: 'webhook.unsigned' })
    expect(fetched).toEqual([certificateUrl])
    expect(await ask({ SubscribeURL })).toEqual({ events: 0 })
    expect(fetched).toEqual([certificateUrl, SubscribeURL])
  })

  test('what was changed on its way, or lay about for days, is refused', async () => {
    const call = bySns(sesBounce(sent(1, 'anna@example.com'), 'anna@example.com'))
    expect(await take('ses', { ...call, body: Buffer.from(call.body.toString().replace('anna@', 'berta@')) })).toEqual({ refused: 'webhook.unsigned' })
    expect(await take('ses', bySns({}, { at: noon - 2 * 86_400_000 }))).toEqual({ refused: 'webhook.late' })
    expect(await take('ses', bySns({}, { at: noon + 600_000 }))).toEqual({ refused: 'webhook.late' })
    expect(told).toEqual([])
  })
})

describe('SendGrid', () => {
  test('a batch is taken event by event; opens and clicks are left to our own links', async () => {
    const ids = ['anna', 'berta', 'cleo', 'dora', 'emil', 'finn'].map((name, index) => sent(index + 1, `${name}@example.com`))
    const event = (index: number, more: object) => ({
      email: `${['anna', 'berta', 'cleo', 'dora', 'emil', 'finn'][index]}@example.com`,
      timestamp: Number(seconds()),
      'smtp-id': ids[index],
      sg_event_id: `e${index}`,
      ...more,
    })
    const call = bySendgrid([
      event(0, { event: 'bounce', type: 'bounce', status: '5.1.1', reason: '550 5.1.1 no such user' }),
      event(1, { event: 'bounce', type: 'blocked', status: '5.7.1', reason: '550 5.7.1 listed at a block list' }),
      event(2, { event: 'spamreport' }),
      event(3, { event: 'unsubscribe' }),
      event(4, { event: 'deferred', response: '451 try later' }),
      event(5, { event: 'delivered', response: '250 OK' }),
      event(5, { event: 'open' }),
      event(5, { event: 'click', url: 'https://fern.example' }),
    ])
    expect(await take('sendgrid', call)).toEqual({ events: 8 })
    expect(types()).toEqual(['bounced:1', 'complained:3', 'unsubscribe:4'])
    expect(store.bounces.of(2)).toMatchObject([{ kind: 'soft', reason: 'policy' }])
    expect(['anna', 'berta', 'cleo', 'dora', 'emil', 'finn'].map((name) => reasonOf(`${name}@example.com`))).toEqual([
      'bounce',
      undefined,
      'complaint',
      'unsubscribed',
      undefined,
      undefined,
    ])
    expect(heard()).toEqual({
      'webhook:sendgrid bounce': 2,
      'webhook:sendgrid complaint': 1,
      'webhook:sendgrid unsubscribe': 1,
      'webhook:sendgrid delayed': 1,
      'webhook:sendgrid delivered': 1,
      'webhook:sendgrid ignored': 2,
    })
  })

  test('an address that SendGrid itself no longer sends to is as good as bounced', async () => {
    sent(1, 'anna@example.com')
    await take('sendgrid', bySendgrid([{ email: 'anna@example.com', event: 'dropped', reason: 'Bounced Address', timestamp: Number(seconds()) }]))
    expect(types()).toEqual(['bounced:1'])
  })

  test('a changed body, another timestamp and no signature are refused', async () => {
    const call = bySendgrid([{ email: 'anna@example.com', event: 'spamreport' }])
    for (const bad of [
      { ...call, body: Buffer.concat([call.body, Buffer.from(' ')]) },
      { ...call, headers: { ...call.headers, 'x-twilio-email-event-webhook-timestamp': seconds(noon + 1_000) } },
      { ...call, headers: {} },
      { ...call, headers: { ...call.headers, 'x-twilio-email-event-webhook-signature': 'AAAA' } },
    ])
      expect(await take('sendgrid', bad)).toEqual({ refused: 'webhook.unsigned' })
  })
})

describe('Mailgun', () => {
  const event = (messageId: string, more: object) => ({
    recipient: 'anna@example.com',
    timestamp: noon / 1_000,
    message: { headers: { 'message-id': messageId.slice(1, -1) } },
    ...more,
  })

  test.each([
    [{ event: 'failed', severity: 'permanent', reason: 'bounce', 'delivery-status': { code: 550, message: '5.1.1 no such user' } }, 'bounced:1', 'bounce'],
    [{ event: 'failed', severity: 'permanent', reason: 'suppress-bounce', 'delivery-status': { code: 605 } }, 'bounced:1', 'bounce'],
    [{ event: 'failed', severity: 'permanent', reason: 'suppress-unsubscribe', 'delivery-status': { code: 606 } }, 'unsubscribe:1', 'unsubscribed'],
    [{ event: 'failed', severity: 'permanent', reason: 'generic', 'delivery-status': { code: 554, message: '5.7.1 blocked' } }, undefined, undefined],
    [{ event: 'failed', severity: 'permanent', reason: 'old', 'delivery-status': { code: 602, message: 'Too old' } }, undefined, undefined],
    [{ event: 'failed', severity: 'temporary', reason: 'generic', 'delivery-status': { code: 450, message: 'later' } }, undefined, undefined],
    [{ event: 'complained' }, 'complained:1', 'complaint'],
    [{ event: 'unsubscribed' }, 'unsubscribe:1', 'unsubscribed'],
    [{ event: 'opened' }, undefined, undefined],
  ])('%j is told as %s', async (more, messageId, reason) => {
    expect(await take('mailgun', byMailgun(event(sent(1, 'anna@example.com'), more)))).toEqual({ events: 1 })
    expect(types()).toEqual(messageId === undefined ? [] : [messageId])
    expect(reasonOf('anna@example.com')).toBe(reason)
  })

  test('its token is taken once: its signature does not cover what it says', async () => {
    const [one, two] = [sent(1, 'anna@example.com'), sent(2, 'berta@example.com')]
    await take('mailgun', byMailgun(event(one, { event: 'delivered' })))
    expect(await take('mailgun', byMailgun(event(two, { event: 'complained' })))).toEqual({ events: 0 })
    expect(told).toEqual([])
  })
})

describe('Postmark, which signs nothing', () => {
  test('is known by the secret in its settings, as a password or as a header', async () => {
    sent(1, 'anna@example.com')
    const bounce = {
      RecordType: 'Bounce',
      Type: 'HardBounce',
      ID: 42,
      MessageID: 'pm',
      Email: 'anna@example.com',
      BouncedAt: iso(),
      Details: 'smtp;550 5.1.1 no such user',
    }
    expect(await take('postmark', byPostmark(bounce, 'guessed'))).toEqual({ refused: 'webhook.unsigned' })
    expect(await take('postmark', { headers: {}, body: bodyOf(bounce) })).toEqual({ refused: 'webhook.unsigned' })
    expect(await take('postmark', byPostmark(bounce))).toEqual({ events: 1 })
    expect(await take('postmark', { headers: { 'x-beckon-webhook-key': 'postmark-secret' }, body: bodyOf({ ...bounce, ID: 43 }) })).toEqual({ events: 1 })
    expect(store.bounces.of(1)).toHaveLength(1)
    expect(reasonOf('anna@example.com')).toBe('bounce')
  })

  test.each([
    [{ RecordType: 'SpamComplaint', Email: 'anna@example.com' }, ['complained:1']],
    [{ RecordType: 'SubscriptionChange', Recipient: 'anna@example.com', SuppressSending: true, SuppressionReason: 'ManualSuppression' }, ['unsubscribe:1']],
    [{ RecordType: 'SubscriptionChange', Recipient: 'anna@example.com', SuppressSending: false }, []],
    [{ RecordType: 'Bounce', Type: 'AutoResponder', Email: 'anna@example.com' }, []],
    [{ RecordType: 'Bounce', Type: 'Blocked', Email: 'anna@example.com', Details: '550 5.7.1 blocked' }, []],
    [{ RecordType: 'Delivery', Recipient: 'anna@example.com' }, []],
    [{ RecordType: 'Open', Recipient: 'anna@example.com' }, []],
  ])('%j', async (event, expected) => {
    sent(1, 'anna@example.com')
    await take('postmark', byPostmark(event))
    expect(types()).toEqual(expected)
  })

  test('keeps no id of ours, so the letter is the last that left for the address before the event', async () => {
    sent(1, 'anna@example.com', noon - 120_000)
    sent(2, 'anna@example.com', noon - 60_000)
    sent(3, 'anna@example.com', noon + 60_000)
    now = noon + 120_000
    await take('postmark', byPostmark({ RecordType: 'SpamComplaint', ID: 1, Email: 'Anna@Example.com', BouncedAt: iso(noon) }))
    expect(types()).toEqual(['complained:2'])
  })
})

describe('Resend', () => {
  const event = (type: string, bounce?: object) => ({
    type,
    created_at: iso(),
    data: { email_id: 'r1', to: ['Anna <anna@example.com>'], subject: 'Hello', ...(bounce === undefined ? {} : { bounce }) },
  })

  test.each([
    [event('email.bounced', { type: 'Permanent', subType: 'General', message: 'The mailbox does not exist.' }), ['bounced:1']],
    [event('email.bounced', { type: 'Transient', subType: 'MailboxFull', message: 'The mailbox is full.' }), []],
    [event('email.complained'), ['complained:1']],
    [event('email.delivered'), []],
    [event('email.clicked'), []],
  ])('%j', async (said, expected) => {
    sent(1, 'anna@example.com')
    expect(await take('resend', byResend(said))).toEqual({ events: 1 })
    expect(types()).toEqual(expected)
  })

  test('a changed id, time or body is refused', async () => {
    const call = byResend(event('email.complained'))
    for (const [name, value] of [
      ['svix-id', 'msg_2'],
      ['svix-timestamp', seconds(noon + 1_000)],
      ['svix-signature', 'v1,AAAA'],
    ] as const)
      expect(await take('resend', { ...call, headers: { ...call.headers, [name]: value } })).toEqual({ refused: 'webhook.unsigned' })
    expect(await take('resend', { ...call, body: bodyOf({}) })).toEqual({ refused: 'webhook.unsigned' })
  })
})

describe('all of them', () => {
  const calls: [string, (at: number) => Call][] = [
    ['sendgrid', (at) => bySendgrid([], at)],
    ['mailgun', (at) => byMailgun({}, { at })],
    ['resend', (at) => byResend({}, { at })],
  ]
  test.each(calls)('%s: what was signed more than five minutes ago, or ahead, is refused', async (provider, call) => {
    expect(await take(provider, call(noon - 300_000))).not.toHaveProperty('refused')
    expect(await take(provider, call(noon + 300_000))).not.toHaveProperty('refused')
    expect(await take(provider, call(noon - 301_000))).toEqual({ refused: 'webhook.late' })
    expect(await take(provider, call(noon + 301_000))).toEqual({ refused: 'webhook.late' })
  })

  test('a call that comes twice is taken once', async () => {
    sent(1, 'anna@example.com')
    const call = byResend({ type: 'email.complained', created_at: iso(), data: { to: ['anna@example.com'] } })
    expect(await take('resend', call)).toEqual({ events: 1 })
    expect(await take('resend', call)).toEqual({ events: 0 })
    expect(types()).toEqual(['complained:1'])
    expect(heard()).toMatchObject({ 'webhook:resend repeat': 1 })
  })

  test('a call that was cut short is taken when it comes again', async () => {
    sent(1, 'anna@example.com')
    const write = store.letters.write
    store.letters.write = () => {
      throw new Error('the disk is gone')
    }
    const call = byResend({ type: 'email.complained', created_at: iso(), data: { to: ['anna@example.com'] } })
    await expect(take('resend', call)).rejects.toThrow('the disk is gone')
    store.letters.write = write
    expect(await take('resend', call)).toEqual({ events: 1 })
    expect(types()).toEqual(['complained:1'])
  })

  test('an address that nobody here wrote to is nobody’s', async () => {
    expect(await take('resend', byResend({ type: 'email.bounced', data: { to: ['stranger@example.com'], bounce: { type: 'Permanent' } } }))).toEqual({
      events: 1,
    })
    expect(store.suppressions.count()).toBe(0)
    expect(heard()).toEqual({ 'webhook:resend unknown letter': 1 })
  })

  test.each(['null', '7', '[[]]', '{"refused":"x"}', '{"event-data":7,"signature":[]}', '{', '\u0000', ''])(
    '%s is refused, or heard as nothing',
    async (text) => {
      for (const provider of ['ses', 'sendgrid', 'mailgun', 'postmark', 'resend']) {
        const answer = await take(provider, { headers: { authorization: `Basic ${btoa('x:postmark-secret')}` }, body: Buffer.from(text) })
        if (isRefusal(answer)) expect(codes).toHaveProperty([answer.refused])
      }
      expect(told).toEqual([])
    },
  )
})

describe('over HTTP', () => {
  test('the bytes that were signed arrive as they were; unknown providers and those without a secret are named as such', async () => {
    sent(1, 'anna@example.com')
    const { app } = createFake({ webhooks })
    const call = byResend({ type: 'email.complained', created_at: iso(), data: { to: ['anna@example.com'], note: 'ü  ' } })
    const post = (provider: string, { headers, body }: Call) =>
      app.inject({ method: 'POST', url: `/v1/webhooks/${provider}`, headers: { 'content-type': 'application/json', ...headers }, payload: body })
    expect((await post('resend', call)).json()).toEqual({ success: true, events: 1 })
    expect(types()).toEqual(['complained:1'])
    expect((await post('mailchimp', call)).json()).toMatchObject({ code: 'webhook.unknown' })
    const refused = await post('resend', { ...call, body: Buffer.from('{}') })
    expect([refused.statusCode, (refused.json() as { code: string }).code]).toEqual([401, 'webhook.unsigned'])
    expect((await app.inject({ method: 'GET', url: '/v1/webhooks/resend' })).statusCode).toBe(404)
    const without = createFake({
      webhooks: createWebhooks({ verp, letters: store.letters, ledger: {} as never, clock, fetchText: async () => '', secrets: {} }),
    })
    const off = await without.app.inject({ method: 'POST', url: '/v1/webhooks/ses', payload: {} })
    expect([off.statusCode, (off.json() as { code: string }).code]).toEqual([404, 'webhook.off'])
    await Promise.all([app.close(), without.app.close()])
  })
})

/** A certificate in PEM, signed by its own key: node:crypto reads them and makes none. */
function certificateOf({ publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }, from: number, to: number): string {
  const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const content = Buffer.concat(parts)
    const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 255]
    return Buffer.concat([Buffer.from([tag, ...length]), content])
  }
  const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
  const oid = (...bytes: number[]) => der(0x06, Buffer.from(bytes))
  const time = (at: number) => der(0x17, Buffer.from(`${iso(at).slice(2, 19).replaceAll(/[-T:]/g, '')}Z`))
  const algorithm = sequence(oid(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b), der(0x05))
  const name = sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from('sns.amazonaws.com')))))
  const body = sequence(der(0x02, Buffer.from([1])), algorithm, name, sequence(time(from), time(to)), name, publicKey.export({ format: 'der', type: 'spki' }))
  const signature = createSign('sha256').update(body).sign(privateKey)
  const whole = sequence(body, algorithm, der(0x03, Buffer.from([0]), signature))
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}
