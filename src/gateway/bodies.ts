/** Request bodies as JSON, whatever the Content-Type says: clients lie about it to spare a CORS preflight. */
import { isUtf8 } from 'node:buffer'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { limits } from '../core/limits.ts'
import { isRefusal, type Refusal } from '../core/errors.ts'

const unzip = promisify(gunzip)

/** What a body holds, and how many bytes of JSON that was. */
export type Parsed = { json: unknown; bytes: number }

/**
 * The JSON in a body, gunzipped first where it is gzip. Never unpacks more than a batch may hold, however small the
 * body is. Never rejects.
 */
export async function parseBody(body: unknown): Promise<Parsed | Refusal> {
  const plain = await unpacked(body)
  if (isRefusal(plain)) return plain
  try {
    return { json: JSON.parse(plain.toString()), bytes: plain.length }
  } catch {
    return { refused: 'event.json_invalid' }
  }
}

/** A body as text, with the same limits. Never rejects. */
export async function readText(body: unknown): Promise<string | Refusal> {
  const plain = await unpacked(body)
  return isRefusal(plain) ? plain : plain.toString()
}

async function unpacked(body: unknown): Promise<Buffer | Refusal> {
  if (!Buffer.isBuffer(body)) return { refused: 'event.json_invalid' }
  let plain: Buffer = body
  // By its first bytes: JSON never begins so, and some clients send gzip without saying it.
  if (body[0] === 0x1f && body[1] === 0x8b) {
    try {
      plain = await unzip(body, { maxOutputLength: limits.batchBytesMax })
    } catch (error) {
      return { refused: (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? 'batch.too_large' : 'event.json_invalid' }
    }
  }
  return isUtf8(plain) ? plain : { refused: 'event.json_invalid' }
}

/** A context is stored with each event of its batch: what a small frame can make of that is limited. Pure. */
export function isSpreadTooLarge(context: object, count: number): boolean {
  return JSON.stringify(context).length * count > 8 * limits.batchBytesMax
}
