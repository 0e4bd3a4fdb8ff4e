/**
 * Product feeds, read as they come in: Google Merchant XML and TSV, Shopify's CSV, JSON lines, each also gzipped. What it
 * is shows in its first bytes, whatever its name says. Nothing is kept of what was read, so a feed may be of any length.
 */
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { BeckonError } from '../core/errors.ts'
import type { FeedWords } from './feed-words.ts'
import { toProducts } from './feed-words.ts'
import { readTable } from './feed-table.ts'
import { readXml } from './feed-xml.ts'

/** One product as `readProduct` takes it, or a text that is none; and where in the feed it stands. */
export type FeedProduct = { product: unknown; where: string }

const lineCharsMax = 1_000_000

/** Throws `file.invalid` where the feed is no feed, or ends in the middle of a product. */
export async function* readFeed(bytes: AsyncIterable<Uint8Array>, words: FeedWords): AsyncGenerator<FeedProduct> {
  const texts = textsOf(bytes)
  let head = ''
  for await (const text of { [Symbol.asyncIterator]: () => ({ next: () => texts.next() }) }) {
    head += text
    if (head.includes('\n') || head.length > lineCharsMax) break
  }
  const first = head.trimStart()
  if (first === '') return
  const all = after(head, texts)
  if (first.startsWith('<')) return yield* toProducts(readXml(all), words)
  if (first.startsWith('{')) return yield* readLines(all)
  const [header] = first.split('\n', 1)
  yield* toProducts(readTable(all, header!.includes('\t') ? '\t' : header!.includes(';') && !header!.includes(',') ? ';' : ','), words)
}

async function* after(head: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield head
  yield* rest
}

async function* textsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8')
  for await (const chunk of unzipped(bytes)) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

async function* unzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]()
  const first = await source.next()
  if (first.done) return
  async function* all() {
    yield first.value as Uint8Array
    yield* { [Symbol.asyncIterator]: () => source }
  }
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) return yield* all()
  // What goes wrong in between comes out where it is read.
  const unzip = pipeline(Readable.from(all()), createGunzip(), () => {})
  try {
    yield* unzip as AsyncIterable<Uint8Array>
  } catch (error) {
    throw new BeckonError('file.invalid', 'the feed is not whole gzip', { cause: error })
  }
}

async function* readLines(texts: AsyncIterable<string>): AsyncGenerator<FeedProduct> {
  let number = 0
  let rest = ''
  const read = function* (line: string): Generator<FeedProduct> {
    number++
    if (line.trim() === '') return
    const where = `line ${number}`
    try {
      yield { product: JSON.parse(line), where }
    } catch {
      yield { product: line, where }
    }
  }
  for await (const text of texts) {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    if (rest.length > lineCharsMax) throw new BeckonError('file.invalid', `line ${number + lines.length + 1} of the feed has no end`)
    for (const line of lines) yield* read(line)
  }
  yield* read(rest)
}
