import { createPrivateKey } from 'node:crypto'
import DKIM from 'nodemailer/lib/dkim'

export type DkimKey = {
  domain: string
  selector: string
  /** RSA, PEM. */
  privateKey: string
}

/**
 * A function that puts a DKIM signature before a letter's headers.
 * Throws at once when the key is not an RSA private key: nodemailer would send such letters unsigned without a word.
 * The signature covers List-Unsubscribe and List-Unsubscribe-Post, as RFC 8058 asks; nodemailer's default leaves the
 * latter out.
 *
 *     const sign = signer({ domain: 'fern.example', selector: 'beckon', privateKey: pem })
 *     await post.send(envelope, await sign(mime), …)
 */
export function signer({ domain, selector, privateKey }: DkimKey): (mime: Uint8Array) => Promise<Uint8Array> {
  const kind = createPrivateKey(privateKey).asymmetricKeyType
  if (kind !== 'rsa') throw new Error(`The DKIM key for ${domain} is of type ${kind}; an RSA key is needed.`)
  const dkim = new DKIM({ domainName: domain, keySelector: selector, privateKey, headerFieldNames: signedHeaders.join(':') })

  return async (mime) => {
    const chunks: Buffer[] = []
    const plain = Buffer.from(mime.buffer, mime.byteOffset, mime.byteLength)
    for await (const chunk of dkim.sign(plain)) chunks.push(chunk as Buffer)
    const signed = Buffer.concat(chunks)
    if (signed.toString('latin1', 0, 15) !== 'DKIM-Signature:') throw new Error(`A letter for ${domain} could not be signed.`)
    return signed
  }
}

const signedHeaders = [
  'From',
  'Reply-To',
  'Subject',
  'Date',
  'Message-ID',
  'To',
  'MIME-Version',
  'Content-Type',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
  'Feedback-ID',
]
