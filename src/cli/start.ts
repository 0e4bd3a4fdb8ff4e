/** `beckon start`: runs the server until SIGTERM or SIGINT, which drain it. */
import { existsSync } from 'node:fs'
import { startServer } from '../serve.ts'
import type { Server } from '../serve.ts'
import { readConfig } from './config.ts'
import type { Flags } from './config.ts'
import { sentenceOf } from './sentence.ts'

export async function start(flags: Flags): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env')
  const config = readConfig(flags)
  const server = await startServer(config, (error) => {
    process.stderr.write(`${sentenceOf(error)}\n`)
    process.exit(1)
  })
  process.stdout.write(welcome(server))
  process.stdout.write(`ready ${server.url}\n`)
  stopOnSignals(server)
}

function welcome({ url, keys, post, studio }: Server): string {
  const isInbox = post === 'the inbox'
  const key = (kind: string) => keys.find((one) => one.kind === kind)?.token ?? ''
  return [
    `Beckon  every customer is a state machine; every email is a transition`,
    ``,
    `  studio      ${url}/studio`,
    ...(studio.isOpen ? [`  demo shop   ${url}/demo`] : []),
    ...(studio.setUpLink === null ? [] : [`  set it up   ${studio.setUpLink}   good once, for a day`]),
    `  letters     ${url}/studio/inbox   ${isInbox ? 'letters stay here: set BECKON_SMTP_URL to send for real' : `letters go out by ${post}`}`,
    `  events      ${url}/v1/track   and ${url.replace(/^http/, 'ws')}/v1/stream`,
    `  public key  ${key('public')}   for browsers and apps`,
    `  secret key  ${key('secret')}   for servers only`,
    ``,
    ``,
  ].join('\n')
}

function stopOnSignals(server: Server) {
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${sentenceOf(error)}\n`)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
