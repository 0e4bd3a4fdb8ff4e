/** An SMTP server that takes every letter and remembers it, in its own time. For tests. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export type Taken = { messageId: string; to: string; mime: string }

/** `waitMs`: how long it thinks before it answers a whole letter. */
export async function openSink(waitMs: () => number) {
  const letters: Taken[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    converse(socket, letters, waitMs)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    letters,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function converse(socket: Socket, letters: Taken[], waitMs: () => number) {
  let heard = ''
  let to = ''
  let isBody = false
  const say = (line: string) => void (socket.writable && socket.write(`${line}\r\n`))
  say('220 sink')
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1')
    for (;;) {
      const end = isBody ? heard.indexOf('\r\n.\r\n') : heard.indexOf('\r\n')
      if (end < 0) return
      const text = heard.slice(0, end)
      heard = heard.slice(end + (isBody ? 5 : 2))
      if (isBody) {
        isBody = false
        letters.push({ messageId: /^Message-ID: (<[^>]+>)/im.exec(text)![1]!, to, mime: text })
        setTimeout(() => say('250 2.0.0 taken'), waitMs())
      } else if (/^DATA/i.test(text)) {
        isBody = true
        say('354 go on')
      } else if (/^QUIT/i.test(text)) {
        say('221 bye')
        socket.end()
      } else {
        to = /^RCPT TO:<([^>]*)>/i.exec(text)?.[1] ?? to
        say('250 ok')
      }
    }
  })
}
