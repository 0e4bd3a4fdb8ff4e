/** The address in a letter's From, for the envelope; '' (nobody) where there is none. Reads our own MIME, whose headers are plain. */
export function senderOf(mime: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = mime
  const head = Buffer.from(buffer, byteOffset, Math.min(byteLength, headBytesMax)).toString('latin1')
  const end = head.indexOf('\r\n\r\n')
  const from = /^From:[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)/im.exec(end < 0 ? head : head.slice(0, end + 2))?.[1] ?? ''
  return (/<([^<>\s]*)>\s*$/.exec(from)?.[1] ?? from).trim()
}

const headBytesMax = 16_384
