/**
 * Letters for the delivery measures. `queue`: writes decisions and queued letters into a new database, as a turn would
 * have, and ends. `pool`: hands as many of the same letters to nodemailer's own pool, the way to compare with.
 */
import { createTransport } from 'nodemailer'
import { join } from 'node:path'
import { loadMachine } from '../actors/load-machine.ts'
import { birth } from '../core/turn.ts'
import { createPrepare } from '../mail/prepare.ts'
import { sampleLetter } from '../mail/sample.ts'
import { loadTemplates } from '../mail/templates.ts'
import { defaultShop, machinesDirectory, openStore, templatesDirectory } from '../main.ts'
import { answer, configOf } from './child.ts'

export type LettersMade = { how: 'queue' | 'pool'; letters: number; directory: string; port: number; connections: number }

const config = configOf<LettersMade>()
const { stepper, letters: rules } = loadMachine(machinesDirectory)
const prepare = createPrepare({
  templates: loadTemplates(templatesDirectory),
  shop: defaultShop,
  publicUrl: 'https://shop.example',
  from: { address: 'hello@shop.example' },
  secret: 'secret',
})
const at = Date.now()
const born = birth(stepper, at)
const { lines } = sampleLetter()

/** Addresses spread over a hundred domains, as a shop's are. */
const addressOf = (n: number) => `shopper-${n}@mail-${n % 100}.example`

function make(customer: number) {
  const life = { ...born, profile: { userId: `u${customer}`, email: addressOf(customer), verified: true as const } }
  const key = `${customer}/cart/${at}/cart-abandoned`
  const made = prepare({ ask: { template: 'cart-abandoned', run: at, lines: lines! }, rule: rules['cart-abandoned']!, key, customer, life, at })
  if ('missing' in made) throw new Error(`the letter lacks ${made.missing}`)
  return { key, letter: made.letter }
}

function queue() {
  const store = openStore(join(config.directory, 'beckon.db'))
  store.begin()
  for (let customer = 1; customer <= config.letters; customer++) {
    const { key, letter } = make(customer)
    const id = store.decisions.add({
      customer,
      key,
      journey: 'cart',
      template: 'cart-abandoned',
      priority: 'high',
      at,
      decision: 'queued',
      reason: null,
      variant: null,
      numbers: '{}',
    })
    store.letters.insert({ ...letter, id })
  }
  store.commit()
  store.close()
}

async function pool() {
  const transport = createTransport({
    host: '127.0.0.1',
    port: config.port,
    secure: false,
    ignoreTLS: true,
    pool: true,
    maxConnections: config.connections,
    maxMessages: Infinity,
  })
  let next = 1
  const sender = async () => {
    while (next <= config.letters) {
      const customer = next++
      const { mime } = make(customer).letter
      await transport.sendMail({ envelope: { from: 'hello@shop.example', to: addressOf(customer) }, raw: Buffer.from(mime) })
    }
  }
  await Promise.all(Array.from({ length: config.connections * 4 }, sender))
  transport.close()
}

await (config.how === 'queue' ? queue() : pool())
answer({})
