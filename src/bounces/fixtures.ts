/** For tests: what mail servers of several makes write when a letter comes back. Of our own writing, in their shapes. */

const crlf = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))

type Parts = { head: string; text: string; status: string; copy?: string }

/** A multipart/report of delivery-status. */
const report = ({ head, text, status, copy = 'Content-Type: text/rfc822-headers\n\nFrom: hello@fern.example\nSubject: You left something behind\n' }: Parts) =>
  crlf(`${head}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain; charset=utf-8

${text}

--=_b
Content-Type: message/delivery-status

${status}
--=_b
${copy}
--=_b--
`)

export const gmail = report({
  head: 'From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nTo: b@bounces.fern.example\nAuto-Submitted: auto-replied\nSubject: Delivery Status Notification (Failure)',
  text: '** Address not found **\n\nYour message wasn’t delivered to anna@example.com because the address couldn’t be found, or is unable to receive mail.',
  status: `Reporting-MTA: dns; googlemail.com
Arrival-Date: Mon, 01 Jun 2026 05:00:00 -0700 (PDT)
X-Original-Message-ID: <t@beckon.example>

Final-Recipient: rfc822; anna@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.com. (192.0.2.7, the server for the domain example.com.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try
 550-5.1.1 double-checking the recipient's email address for typos or
 550 5.1.1 unnecessary spaces.
Last-Attempt-Date: Mon, 01 Jun 2026 05:00:01 -0700 (PDT)
`,
})

export const exchange = report({
  head: 'From: postmaster@example.com\nTo: b@bounces.fern.example\nSubject: =?utf-8?B?VW5kZWxpdmVyYWJsZTogWW91IGxlZnQgc29tZXRoaW5n?=\nAuto-Submitted: auto-replied',
  text: 'Delivery has failed to these recipients or groups:\n\nanna@example.com\nThe email address you entered couldn’t be found.',
  status: `Reporting-MTA: dns;AM0PR01.eurprd01.prod.exchange.example
Received-From-MTA: dns;relay.fern.example
Arrival-Date: Mon, 1 Jun 2026 12:00:00 +0000

Final-Recipient: rfc822;anna@example.com
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient anna@example.com not found by SMTP address lookup
`,
})

export const postfix = report({
  head: 'From: MAILER-DAEMON@relay.fern.example (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender\nTo: b@bounces.fern.example\nAuto-Submitted: auto-replied',
  text: `This is the mail system at host relay.fern.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<anna@example.com>: host mx.example.com[192.0.2.7] said: 552 5.2.2 <anna@example.com>
    The mailbox is over quota (in reply to RCPT TO command)`,
  status: `Reporting-MTA: dns; relay.fern.example
X-Postfix-Queue-ID: 4F1A2
X-Postfix-Sender: rfc822; b@bounces.fern.example

Final-Recipient: rfc822; anna@example.com
Original-Recipient: rfc822;anna@example.com
Action: failed
Status: 5.2.2
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 552 5.2.2 <anna@example.com> The mailbox is over quota
`,
})

export const postfixNoDomain = report({
  head: 'From: MAILER-DAEMON@relay.fern.example\nSubject: Undelivered Mail Returned to Sender',
  text: '<anna@gone.example>: Host or domain name not found.',
  status: `Reporting-MTA: dns; relay.fern.example

Final-Recipient: rfc822; anna@gone.example
Action: failed
Status: 5.4.4
Diagnostic-Code: X-Postfix; Host or domain name not found. Name service error for
    name=gone.example type=AAAA: Host not found
`,
})

export const postfixDelayed = report({
  head: 'From: MAILER-DAEMON@relay.fern.example\nSubject: Delayed Mail (still being retried)\nAuto-Submitted: auto-replied',
  text: 'THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE.',
  status: `Reporting-MTA: dns; relay.fern.example

Final-Recipient: rfc822; anna@example.com
Action: delayed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mx.example.com[192.0.2.7]:25: Connection timed out
Will-Retry-Until: Sat, 06 Jun 2026 12:00:00 +0000 (UTC)
`,
})

export const exim = report({
  head: 'X-Failed-Recipients: anna@example.com\nAuto-Submitted: auto-replied\nFrom: Mail Delivery System <Mailer-Daemon@relay.fern.example>\nTo: b@bounces.fern.example\nSubject: Mail delivery failed: returning message to sender',
  text: `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  anna@example.com
    host mx.example.com [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<anna@example.com>:
    550 5.1.1 <anna@example.com>: Recipient address rejected: User unknown`,
  status: `Reporting-MTA: dns; relay.fern.example

Action: failed
Final-Recipient: rfc822;anna@example.com
Status: 5.0.0
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 550 5.1.1 <anna@example.com>: Recipient address rejected: User unknown
`,
})

export const sendmail = report({
  head: 'From: Mail Delivery Subsystem <MAILER-DAEMON@relay.fern.example>\nSubject: Returned mail: see transcript for details\nAuto-Submitted: auto-generated (failure)',
  text: `The original message was received at Mon, 1 Jun 2026 12:00:00 GMT

   ----- The following addresses had permanent fatal errors -----
<anna@example.com>
    (reason: 550 5.2.1 The account is disabled)`,
  status: `Reporting-MTA: dns; relay.fern.example
Received-From-MTA: DNS; beckon.fern.example
Arrival-Date: Mon, 1 Jun 2026 12:00:00 GMT

Final-Recipient: RFC822; anna@example.com
Action: failed
Status: 5.2.1
Remote-MTA: DNS; mx.example.com
Diagnostic-Code: SMTP; 550 5.2.1 The account is disabled
Last-Attempt-Date: Mon, 1 Jun 2026 12:00:01 GMT
`,
})

/** Everything in one group, no action, no diagnostic code. */
export const sloppy = report({
  head: 'From: postmaster@mx.example.com\nSubject: Delivery failure',
  text: 'The message could not be delivered.\n\n550 No such user here',
  status: 'Reporting-MTA: dns; mx.example.com\nFinal-Recipient: rfc822; anna@example.com\nStatus: 5.0.0 (permanent failure)\n',
})

export const qmail = crlf(`From: MAILER-DAEMON@mx.example.com
To: b@bounces.fern.example
Subject: failure notice

Hi. This is the qmail-send program at mx.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<anna@example.com>:
192.0.2.7 does not like recipient.
Remote host said: 550 5.1.1 sorry, no mailbox here by that name
Giving up on 192.0.2.7.

--- Below this line is a copy of the message.

Return-Path: <b@bounces.fern.example>
Subject: Our spam filter rejected nothing
`)

/** As exim wrote it before it spoke RFC 3464. */
export const eximWords = crlf(`X-Failed-Recipients: anna@example.com
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@relay.fern.example>
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  anna@example.com
    Unrouteable address

------ This is a copy of the message, including all the headers. ------

Subject: You left something behind
`)

export const eximDelayed = crlf(`Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@relay.fern.example>
Subject: Warning: message 1abc-0001 delayed 24 hours

This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 24 hours on the queue on relay.fern.example.

No action is required on your part. Delivery attempts will continue for
some time, and this warning may be repeated at intervals.

  anna@example.com
    host mx.example.com [192.0.2.7]
    Delay reason: SMTP error: 451 4.7.1 Greylisted
`)

export const vacation = crlf(`From: Anna <anna@example.com>
Subject: Automatic reply: You left something behind
Auto-Submitted: auto-replied
X-Auto-Response-Suppress: All

I am away until Monday. If your message could not be delivered to me in time, that is a pity.
`)

export const vacationGerman = crlf(`From: anna@example.com
Subject: Abwesenheitsnotiz
Precedence: auto_reply

Ich bin bis Montag nicht im Hause; ein Kollege ist unter 550 1234 zu erreichen.
`)

/** RFC 5965; `mailFrom`: the letter's envelope sender, as far as the loop keeps it. */
export const complaint = ({ mailFrom = '', messageId = 'x@elsewhere.example', type = 'abuse' }: { mailFrom?: string; messageId?: string; type?: string }) =>
  crlf(`From: feedback@mail.example
To: f@bounces.fern.example
Subject: FW: You left something behind
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=_f"

--=_f
Content-Type: text/plain

This is an email abuse report for an email message received from 192.0.2.1.

--=_f
Content-Type: message/feedback-report

Feedback-Type: ${type}
User-Agent: ExampleFBL/1.0
Version: 1
${mailFrom === '' ? '' : `Original-Mail-From: <${mailFrom}>\n`}Reporting-MTA: dns; fbl.mail.example
Source-IP: 192.0.2.1

--=_f
Content-Type: message/rfc822

Message-ID: <${messageId}>
From: hello@fern.example
To: redacted@mail.example
Subject: You left something behind

Hello
--=_f--
`)
