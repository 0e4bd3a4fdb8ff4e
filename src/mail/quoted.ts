/** Quoted-printable (RFC 2045), written for throughput: a letter is encoded in the turn that decides it. */

/**
 * Writes `source` in quoted-printable into `out` from `offset`; returns the offset after it.
 * Every line has at most 76 characters and CRLF at its end. A line never begins with a dot nor with "From ", which
 * some relays change. `out` must have room for `quotedBytesMax(source.length)`.
 */
export function writeQuoted(source: Uint8Array, length: number, out: Uint8Array, offset: number): number {
  let o = offset
  let i = 0
  let lineStart = o
  while (i < length) {
    if (o === lineStart && risky(source, i)) o = writeCoded(source[i++] as number, out, o)
    // Most bytes go as they are, and this loop is where a letter spends its time.
    const end = Math.min(length, i + columnMax - (o - lineStart))
    let byte = 0
    while (i < end && kinds[(byte = source[i] as number)] === plain) {
      out[o++] = byte
      i++
    }
    if (i === length) break
    byte = source[i] as number
    if (kinds[byte] === newline) {
      if (isBlank(out, o, lineStart)) [o, lineStart] = writeEndBlank(out, o, lineStart)
      i += byte === cr && source[i + 1] === lf ? 2 : 1
      lineStart = o = writeBreak(out, o)
    } else if (kinds[byte] === coded && o - lineStart + 3 <= columnMax) {
      o = writeCoded(byte, out, o)
      i++
    } else {
      out[o++] = equals
      lineStart = o = writeBreak(out, o)
    }
  }
  return isBlank(out, o, lineStart) ? writeEndBlank(out, o, lineStart)[0] : o
}

function writeCoded(byte: number, out: Uint8Array, o: number): number {
  out[o] = equals
  out[o + 1] = hex[byte >> 4] as number
  out[o + 2] = hex[byte & 15] as number
  return o + 3
}

function writeBreak(out: Uint8Array, o: number): number {
  out[o] = cr
  out[o + 1] = lf
  return o + 2
}

const isBlank = (out: Uint8Array, o: number, lineStart: number): boolean => o > lineStart && (out[o - 1] === 0x20 || out[o - 1] === 0x09)

/** Some relays drop blanks at the end of a line, so the last of them is coded, on a line of its own where this one is full. */
function writeEndBlank(out: Uint8Array, o: number, lineStart: number): [o: number, lineStart: number] {
  const blank = out[o - 1] as number
  if (o - lineStart + 2 <= columnMax) return [writeCoded(blank, out, o - 1), lineStart]
  out[o - 1] = equals
  const start = writeBreak(out, o)
  return [writeCoded(blank, out, start), start]
}

/** Room that is always enough: three for each byte, and a break of three for each line of at least 73. */
export const quotedBytesMax = (length: number): number => length * 3 + Math.ceil((length * 3) / 73) * 3 + 8

const columnMax = 75
const cr = 0x0d
const lf = 0x0a
const equals = 0x3d
const hex = new TextEncoder().encode('0123456789ABCDEF')

const coded = 0
const plain = 1
const newline = 2
const kinds = new Uint8Array(256)
for (let byte = 0x20; byte < 0x7f; byte++) kinds[byte] = plain
kinds[0x09] = plain
kinds[equals] = coded
kinds[cr] = newline
kinds[lf] = newline

/** Asked at the start of a line only. */
const risky = (source: Uint8Array, i: number): boolean =>
  source[i] === 0x2e || (source[i] === 0x46 && source[i + 1] === 0x72 && source[i + 2] === 0x6f && source[i + 3] === 0x6d && source[i + 4] === 0x20)
