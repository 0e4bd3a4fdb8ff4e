/** A mail server that takes everything and keeps nothing, in a process of its own. Answers how fast letters came in after the first `warmUp`. */
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { answer, configOf } from './child.ts'

export type SmtpSink = { warmUp: number; letters: number }

const config = configOf<SmtpSink>()
let taken = 0
let begun = 0

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  onData(stream, _session, done) {
    stream.resume()
    stream.on('end', () => {
      done()
      if (++taken === config.warmUp) begun = performance.now()
      if (taken === config.warmUp + config.letters) answer({ rate: (config.letters * 1_000) / (performance.now() - begun) })
    })
  },
})
server.on('error', () => {})
const listening = server.listen(0, '127.0.0.1', () => process.stdout.write(`ready ${(listening.address() as AddressInfo).port}\n`))
