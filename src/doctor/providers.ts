/** Relays that many use, known by their host, and what their senders put into SPF. Pure. */

export type Provider = { name: string; spf: string }

export function providerOf(host: string): Provider | null {
  const lower = host.toLowerCase()
  return providers.find(([suffix]) => lower === suffix || lower.endsWith(`.${suffix}`))?.[1] ?? null
}

const providers: [suffix: string, provider: Provider][] = [
  ['amazonaws.com', { name: 'Amazon SES', spf: 'include:amazonses.com' }],
  ['sendgrid.net', { name: 'SendGrid', spf: 'include:sendgrid.net' }],
  ['mailgun.org', { name: 'Mailgun', spf: 'include:mailgun.org' }],
  ['postmarkapp.com', { name: 'Postmark', spf: 'include:spf.mtasv.net' }],
  ['resend.com', { name: 'Resend', spf: 'include:amazonses.com' }],
  ['mandrillapp.com', { name: 'Mandrill', spf: 'include:spf.mandrillapp.com' }],
  ['mailjet.com', { name: 'Mailjet', spf: 'include:spf.mailjet.com' }],
  ['brevo.com', { name: 'Brevo', spf: 'include:spf.brevo.com' }],
  ['sendinblue.com', { name: 'Brevo', spf: 'include:spf.brevo.com' }],
  ['sparkpostmail.com', { name: 'SparkPost', spf: 'include:sparkpostmail.com' }],
  ['gmail.com', { name: 'Google', spf: 'include:_spf.google.com' }],
  ['google.com', { name: 'Google', spf: 'include:_spf.google.com' }],
  ['office365.com', { name: 'Microsoft', spf: 'include:spf.protection.outlook.com' }],
  ['outlook.com', { name: 'Microsoft', spf: 'include:spf.protection.outlook.com' }],
  ['zoho.com', { name: 'Zoho', spf: 'include:zohomail.com' }],
  ['fastmail.com', { name: 'Fastmail', spf: 'include:spf.messagingengine.com' }],
]
