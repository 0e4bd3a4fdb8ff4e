/**
 * The bytes of a letter.
 *
 * Owns the MIME form; the turn that queues a letter calls it once, and the bytes are frozen from then on (R3).
 * 1. Pure and synchronous: the same letter gives the same bytes; the boundary comes from the Message-ID.
 * 2. No value can begin a header of its own: control characters become spaces before anything is written.
 * 3. Every line ends in CRLF, and bodies keep to 76 characters a line.
 */
import type { Mailbox } from './address.ts'
import { quotedBytesMax, writeQuoted } from './quoted.ts'

export type Letter = {
  from: Mailbox
  to: Mailbox
  replyTo?: Mailbox
  subject: string
  html: string
  text: string
  /** With or without its angle brackets. */
  messageId: string
  /** Milliseconds since the epoch. */
  date: number
  /** Takes the one-click POST of RFC 8058. */
  unsubscribeUrl: string
  /** An address, or a whole `mailto:` URL. */
  unsubscribeMailto?: string
  feedbackId?: string
  /** Further headers; a name already written here, or one that is no header name, is left out. */
  headers?: Readonly<Record<string, string>>
}

/**
 * The MIME message of a letter, ready for DKIM and SMTP: `multipart/alternative` with the text first.
 * Pure, synchronous, deterministic.
 *
 *     const mime = composeMime({ from: { name: 'Fern & Co', address: 'hello@fern.example' }, to: { address }, … })
 */
export function composeMime(letter: Letter): Uint8Array {
  const id = `<${header(letter.messageId).replaceAll(/[<>\s]/g, '')}>`
  // "=_" cannot occur in quoted-printable, so no body can hold the boundary.
  const boundary = `=_${id.replaceAll(/[^A-Za-z0-9]/g, '').slice(-48)}`
  const head = headOf(letter, id, boundary) + partHead('plain', boundary)
  const between = partHead('html', boundary)
  const tail = `\r\n--${boundary}--\r\n`

  const text = letter.text.isWellFormed() ? letter.text : letter.text.toWellFormed()
  const html = letter.html.isWellFormed() ? letter.html : letter.html.toWellFormed()
  reserve(Math.max(text.length, html.length) * 3, head.length + between.length + tail.length + quotedBytesMax((text.length + html.length) * 3))
  let end = out.write(head, 0, 'latin1')
  end = writeQuoted(source, source.write(text), out, end)
  end += out.write(between, end, 'latin1')
  end = writeQuoted(source, source.write(html), out, end)
  end += out.write(tail, end, 'latin1')
  const mime = Buffer.allocUnsafeSlow(end)
  out.copy(mime, 0, 0, end)
  return mime
}

function headOf(letter: Letter, id: string, boundary: string): string {
  const lines = [
    `From: ${mailbox(letter.from)}`,
    `To: ${mailbox(letter.to)}`,
    ...(letter.replyTo ? [`Reply-To: ${mailbox(letter.replyTo)}`] : []),
    `Subject: ${words(header(letter.subject), 'Subject: '.length)}`,
    `Message-ID: ${id}`,
    `Date: ${new Date(letter.date).toUTCString().replace('GMT', '+0000')}`,
    'MIME-Version: 1.0',
    `List-Unsubscribe: ${unsubscribe(letter)}`,
    'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
    ...(letter.feedbackId ? [`Feedback-ID: ${ascii(letter.feedbackId)}`] : []),
  ]
  if (letter.headers) {
    for (const name in letter.headers) {
      if (!/^[A-Za-z][A-Za-z0-9-]{0,75}$/.test(name) || own.has(name.toLowerCase())) continue
      lines.push(`${name}: ${words(header(letter.headers[name] as string), name.length + 2)}`)
    }
  }
  return `${lines.join('\r\n')}\r\nContent-Type: multipart/alternative;\r\n boundary="${boundary}"\r\n\r\n`
}

const partHead = (kind: 'plain' | 'html', boundary: string): string =>
  `${kind === 'plain' ? '' : '\r\n'}--${boundary}\r\nContent-Type: text/${kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n`

const own = new Set(
  `from to cc bcc sender reply-to subject message-id date mime-version list-unsubscribe list-unsubscribe-post feedback-id
  content-type content-transfer-encoding content-disposition dkim-signature received return-path`.split(/\s+/),
)

/** A header's value without anything that could end its line. */
const header = (value: string): string =>
  /[^\x20-\x7e]/.test(value)
    ? value
        .toWellFormed()
        .replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
        .trim()
    : value.trim()

/** A value that has to be plain ASCII without spaces. */
const ascii = (value: string): string => value.replaceAll(/[^\x21-\x7e]/g, '')

function unsubscribe(letter: Letter): string {
  const url = `<${ascii(letter.unsubscribeUrl).replaceAll(/[<>]/g, '')}>`
  const mailto = ascii(letter.unsubscribeMailto ?? '').replaceAll(/[<>]/g, '')
  if (mailto === '') return url
  return `${url},\r\n <${/^mailto:/i.test(mailto) ? mailto : `mailto:${mailto}`}>`
}

function mailbox({ name, address }: Mailbox): string {
  const spec = ascii(address).replaceAll(/[<>,;"()]/g, '')
  const label = header(name ?? '')
    .slice(0, nameCharsMax)
    .toWellFormed()
  if (label === '') return spec
  if (/[^\x20-\x7e]/.test(label) || label.includes('=?')) return `${encodedWords(label, 'Reply-To: '.length)}\r\n <${spec}>`
  return `"${label.replaceAll(/["\\]/g, '\\$&')}"${label.length + spec.length > 50 ? '\r\n' : ''} <${spec}>`
}

/** Unstructured text: as it is where it is plain, else in encoded words; folded at spaces. */
function words(value: string, column: number): string {
  if (/[^\x20-\x7e]/.test(value) || value.includes('=?')) return encodedWords(value, column)
  return value.length + column <= lineCharsMax ? value : folded(value, column)
}

function folded(value: string, column: number): string {
  // A word longer than a line may hold (998 with its name) cannot be folded where it has no space.
  if (/[^ ]{200}/.test(value)) return encodedWords(value, column)
  let line = ''
  let result = ''
  let room = lineCharsMax - column
  for (const word of value.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room && word !== '') {
      result += `${line}\r\n `
      line = word
      room = lineCharsMax - 1
    } else line = line === '' && result === '' ? word : `${line} ${word}`
  }
  return result + line
}

/** RFC 2047 in base64, whole characters to a word, one word to a line. */
function encodedWords(value: string, column: number): string {
  const result: string[] = []
  let word = ''
  let bytes = 0
  // 45 bytes become 60 characters; with =?utf-8?B?…?= that is 72.
  let room = Math.max(12, 45 - Math.ceil((column * 3) / 4))
  for (const letter of value) {
    const point = letter.codePointAt(0) as number
    const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    if (bytes + size > room) {
      result.push(encodedWord(word))
      word = ''
      bytes = 0
      room = 45
    }
    word += letter
    bytes += size
  }
  if (word !== '') result.push(encodedWord(word))
  return result.join('\r\n ')
}

const encodedWord = (word: string): string => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`

const lineCharsMax = 76
const nameCharsMax = 120

/** Scratch for one letter at a time, kept between letters: composing never awaits. */
let source = Buffer.alloc(64 * 1024)
let out = Buffer.alloc(256 * 1024)

function reserve(sourceBytes: number, outBytes: number): void {
  if (source.length < sourceBytes) source = Buffer.alloc(sourceBytes)
  if (out.length < outBytes) out = Buffer.alloc(outBytes)
}
