/** The ways back, put together: signed envelope senders, the SMTP receiver, and providers' webhooks, around one ledger. */
import type { Intake } from '../actors/intake.ts'
import { BeckonError } from '../core/errors.ts'
import type { Clock } from '../core/world.ts'
import { isLoopback } from '../gateway/keys.ts'
import type { Webhooks } from '../gateway/webhooks.ts'
import type { Store } from '../store/store.ts'
import type { BounceSetup, BounceSource } from '../studio/api-bounces.ts'
import { createLedger } from './ledger.ts'
import { createReceiver } from './receiver.ts'
import { createVerp } from './verp.ts'
import { createWebhooks, providers } from './webhooks.ts'
import type { WebhookSecrets } from './webhooks.ts'

export type BouncesConfig = {
  /** Without it letters bounce to the shop's own address, and nobody here hears of it. */
  smtp?: { domain: string; host: string; port: number }
  webhooks?: WebhookSecrets
}

export type BouncesOptions = {
  store: Pick<Store, 'letters' | 'suppressions' | 'bounces'>
  secret: string
  hash: (address: string) => string
  clock: Clock
  intake: Pick<Intake, 'tell'>
  config: BouncesConfig
  publicUrl: string
  addressOf: (customer: number) => string | undefined
  fetchText: (url: string) => Promise<string>
  onFault: (error: unknown) => void
}

export type CameBackWays = {
  /** A letter's envelope sender; null: its own From. */
  sender: ((letter: { token: string }) => string) | null
  webhooks: Webhooks
  /** Listens, where a domain is set. */
  start(): Promise<void>
  stop(): Promise<void>
  /** How it is set up and what was heard, for people. */
  setup(): BounceSetup
}

export function createBounces(options: BouncesOptions): CameBackWays {
  const { store, config, clock, publicUrl, fetchText, onFault } = options
  const { letters, bounces } = store
  const ledger = createLedger({ ...options, ...store })
  const verp = config.smtp === undefined ? null : createVerp(options.secret, config.smtp.domain)
  const receiver = verp === null ? null : createReceiver({ ...config.smtp!, verp, letters, ledger, clock, onFault })
  const webhooks = createWebhooks({ secrets: config.webhooks ?? {}, verp, letters, ledger, clock, fetchText })
  let port = config.smtp?.port ?? 0

  function sources(): BounceSource[] {
    const heard = Map.groupBy(bounces.heard(), ({ source }) => (source.startsWith('webhook:') ? source.slice('webhook:'.length) : 'smtp'))
    const tell = (name: BounceSource['name'], isOn: boolean): BounceSource => {
      const rows = heard.get(name) ?? []
      const said = Map.groupBy(rows, ({ what }) => what)
      return {
        name,
        isOn,
        lastHeard: rows.length === 0 ? null : Math.max(...rows.map(({ at }) => at)),
        said: Array.from(said, ([what, all]) => ({ what, n: all.reduce((sum, { n }) => sum + n, 0) })),
      }
    }
    return [tell('smtp', receiver !== null), ...providers.map((name) => tell(name, webhooks.isOn(name)))]
  }

  return {
    sender: verp === null ? null : ({ token }) => verp.addressFor(token),
    webhooks,
    async start() {
      try {
        if (receiver !== null) port = await receiver.listen()
      } catch (error) {
        throw new BeckonError('port.taken', `bounces cannot be received on port ${config.smtp!.port}: ${(error as Error).message}`, { cause: error })
      }
    },
    async stop() {
      await receiver?.close()
    },
    setup: () => ({
      smtp:
        verp === null
          ? null
          : {
              domain: verp.domain,
              host: config.smtp!.host,
              port,
              feedback: verp.feedback,
              sample: verp.addressFor('A'.repeat(22)),
              refused: receiver!.refused(),
              isLocal: isLoopback(config.smtp!.host),
            },
      webhookUrl: `${publicUrl}/v1/webhooks/`,
      isReachable: !isLoopback(new URL(publicUrl).hostname),
      sources: sources(),
    }),
  }
}
