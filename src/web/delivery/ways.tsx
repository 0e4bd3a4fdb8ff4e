/** The ways by which bounces and complaints come back: what is on, when it was last heard, and what to set where. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { BounceSetup, BounceSource } from '../../studio/api-bounces.ts'
import { useNow } from '../hooks.ts'
import { Time } from '../parts/basics.tsx'
import { number } from '../words.ts'

const names: Record<BounceSource['name'], string> = {
  smtp: 'By mail',
  ses: 'Amazon SES',
  sendgrid: 'SendGrid',
  mailgun: 'Mailgun',
  postmark: 'Postmark',
  resend: 'Resend',
}

export function Ways({ setup }: { setup: BounceSetup }) {
  const on = setup.sources.filter(({ isOn }) => isOn).length
  return (
    <section class="card bounces-ways">
      <header>
        <h2>How they come back</h2>
        <span class={`chip ${on === 0 ? 'warn' : 'good'}`}>{on === 0 ? 'no way is set up' : `${number(on)} of ${setup.sources.length} set up`}</span>
      </header>
      {setup.sources.map((source) => (
        <Way key={source.name} source={source}>
          {source.name === 'smtp' ? <ByMail smtp={setup.smtp} /> : <ByWebhook name={source.name} setup={setup} isOn={source.isOn} />}
        </Way>
      ))}
    </section>
  )
}

function Way({ source, children }: { source: BounceSource; children: ComponentChildren }) {
  const now = useNow(30_000)
  const { name, isOn, lastHeard, said } = source
  const isQuiet = isOn && lastHeard === null
  return (
    <details>
      <summary>
        <strong>{names[name]}</strong>
        <span class={`chip ${isOn ? (isQuiet ? 'warn' : 'good') : ''}`}>{isOn ? (isQuiet ? 'not heard yet' : 'on') : 'off'}</span>
        {lastHeard !== null && (
          <span class="soft small">
            last heard <Time at={lastHeard} now={now} relative />
          </span>
        )}
        {said.length > 0 && <span class="soft small numbers">{said.map(({ what, n }) => `${number(n)} × ${what}`).join(', ')}</span>}
      </summary>
      <div class="how">{children}</div>
    </details>
  )
}

function ByMail({ smtp }: { smtp: BounceSetup['smtp'] }) {
  if (smtp === null)
    return (
      <>
        <p>
          Each letter gets a signed sender address of its own at a domain that you choose. When a mail server cannot deliver it, the bounce comes back to this
          server, which knows the letter by its address.
        </p>
        <ol>
          <li>
            Choose a name that nothing else uses, such as <code>bounces.shop.example</code>, and start with <code>BECKON_BOUNCE_DOMAIN</code> set to it.
          </li>
          <li>The studio then shows the DNS records here.</li>
        </ol>
      </>
    )
  return (
    <>
      {smtp.isLocal && (
        <p class="notice">
          It listens on {smtp.host}, which only this machine reaches. That is right behind a mail server of your own; otherwise set{' '}
          <code>BECKON_BOUNCE_HOST=0.0.0.0</code>.
        </p>
      )}
      <ol>
        <li>
          Add an MX record, so that bounces find this machine: <Copy text={`${smtp.domain}. MX 10 <this machine’s name>.`} />
        </li>
        <li>
          Say who may send with this domain (your relay’s servers): <Copy text={`${smtp.domain}. TXT "v=spf1 include:<your relay> -all"`} />
        </li>
        <li>
          Lead port 25 to port {smtp.port} of {smtp.host}. The server itself needs no rights for that.
        </li>
        <li>
          Give this address to feedback loops (Yahoo, Microsoft and others), so that complaints come too: <Copy text={smtp.feedback} />
        </li>
      </ol>
      <p class="soft small">
        A letter’s sender looks like <span class="mono break">{smtp.sample}</span>.{' '}
        {smtp.refused > 0 && <>Since the start {number(smtp.refused)} recipients were refused that were none of ours.</>}
      </p>
    </>
  )
}

const variables: Record<string, string> = {
  ses: 'BECKON_SES_TOPIC',
  sendgrid: 'BECKON_WEBHOOK_SENDGRID_KEY',
  mailgun: 'BECKON_WEBHOOK_MAILGUN_KEY',
  postmark: 'BECKON_WEBHOOK_POSTMARK_KEY',
  resend: 'BECKON_WEBHOOK_RESEND_KEY',
}
const secrets: Record<string, string> = {
  ses: 'the ARN of the SNS topic to which SES publishes bounces and complaints (several with a comma between). Include the original headers',
  sendgrid: 'the verification key of the Signed Event Webhook',
  mailgun: 'the HTTP webhook signing key',
  postmark: 'a long secret of your own: Postmark signs nothing',
  resend: 'the signing secret, which begins with whsec_',
}
const events: Record<string, string> = {
  ses: 'Subscribe the address to the topic, over HTTPS and without raw delivery; the subscription is confirmed by itself.',
  sendgrid: 'Choose bounced, dropped, spam reports and unsubscribes. Opens and clicks are counted by our own links.',
  mailgun: 'Add it for permanent failure, complained and unsubscribed.',
  postmark: 'Choose bounce, spam complaint and subscription change, and write the secret into the URL as password: https://beckon:SECRET@…',
  resend: 'Choose email.bounced and email.complained.',
}

function ByWebhook({ name, setup, isOn }: { name: string; setup: BounceSetup; isOn: boolean }) {
  return (
    <>
      {!setup.isReachable && <p class="notice">This server has no public address yet: set BECKON_PUBLIC_URL, or nobody can call it.</p>}
      <ol>
        <li>
          Paste this address at {names[name as BounceSource['name']]}: <Copy text={`${setup.webhookUrl}${name}`} />
          {events[name]}
        </li>
        <li>
          {isOn ? 'The server has' : 'Start the server with'} <code>{variables[name]}</code>: {secrets[name]}.{' '}
          {!isOn && <>Or name a file that holds it: {variables[name]}_FILE.</>}
        </li>
      </ol>
    </>
  )
}

/** Something to be pasted elsewhere. */
function Copy({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 2_000)
  }
  return (
    <span class="copy">
      <code class="break">{text}</code>
      {/* Without https a browser gives no clipboard. */}
      {navigator.clipboard !== undefined && (
        <button type="button" class="button small" onClick={() => void copy()} aria-label={`Copy ${text}`}>
          {isCopied ? 'Copied' : 'Copy'}
        </button>
      )}
    </span>
  )
}
