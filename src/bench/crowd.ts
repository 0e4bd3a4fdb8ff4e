/**
 * Fills a database with customers, by the store's own functions in transactions of 20,000: what a shop has after a while,
 * which would take the engine itself minutes. Every life is what turns of its machine made of it and every customer has
 * the log rows that say so, all ids are known, everything is written behind. What is left out: decision and letter rows
 * of the letters that lives remember, since nothing here reads them.
 *
 * idle      known by an address, nothing pending
 * reminded  got the cart letter; the follow-up is due between `fromMs` and `toMs`, and asks for a letter
 * browsing  looked at a page; quiet is due between them
 * cart      put something in; quiet long ago, abandoned is due between them, and asks for a letter
 * left      the same, and not even quiet was noticed: two timers due
 */
import { hashId } from '../store/seen.ts'
import { join } from 'node:path'
import { loadMachine } from '../actors/load-machine.ts'
import { createMachines } from '../actors/machines.ts'
import { toMachineEvent } from '../core/event.ts'
import type { Message } from '../core/event.ts'
import { lifeToText, nextDue } from '../core/life.ts'
import type { Life } from '../core/life.ts'
import { kinds } from '../core/retell.ts'
import { birth, dueTimer, fire, turn } from '../core/turn.ts'
import { readMessage } from '../core/parse.ts'
import { addressOf } from '../mail/address.ts'
import { machinesDirectory, openStore } from '../main.ts'
import { learn } from '../profile/profile.ts'
import { answer, configOf } from './child.ts'
import { anonymousId, toFrame, toIdentify, userId } from './traffic.ts'
import type { Deed } from './traffic.ts'

export type Kind = 'idle' | 'reminded' | 'browsing' | 'cart' | 'left'
/** `fromMs`, `toMs`: from the instant this group is written. */
export type Group = { kind: Kind; count: number; fromMs: number; toMs: number }
export type Crowd = { directory: string; of: number; groups: Group[] }

const config = configOf<Crowd>()
const store = openStore(join(config.directory, 'beckon.db'))
const machine = loadMachine(machinesDirectory)
const { stepper, settings } = machine
const { version } = createMachines(machine, store.meta, Date.now(), join(config.directory, 'machines'))
const { log, customers, seen, meta } = store

const page: Deed = { type: 'page', properties: '{"path":"/spring","title":"Spring at home"}' }
const add: Deed = { type: 'track', event: 'Product Added', properties: '{"product_id":"p1","name":"Stoneware mug","price":12.50,"quantity":1}' }

/** When the shopper did it, for a timer that is due at `due`. */
const acted: Record<Kind, (due: number) => number> = {
  idle: (due) => due,
  browsing: (due) => due - settings['quietFor']!,
  left: (due) => due - settings['quietFor']!,
  cart: (due) => due - settings['abandonAfter']!,
  reminded: (due) => due - settings['abandonAfter']! - settings['followUpAfter']!,
}

function write(id: number, kind: Kind, due: number) {
  const at = acted[kind](due)
  const n = id - 1
  let head = 0
  let life: Life = birth(stepper, at - 3_600_000)
  const tell = (text: string, when: number) => {
    const message: Message = readMessage(text, when)
    life = turn(stepper, { ...life, profile: learn(life.profile, message, 'server', addressOf) }, toMachineEvent(message, when)!, () => 'queued')
    head = log.append(id, head, when, when, kinds.server, 1, version, 0, text)
    seen.add(hashId(1, message.messageId), head)
  }
  const pass = (until: number) => {
    for (let timer = dueTimer(life, until); timer !== null; timer = dueTimer(life, until)) {
      life = fire(stepper, life, timer, () => 'queued')
      head = log.append(id, head, timer[1], timer[1], kinds.timer, 0, version, 0, timer[0])
    }
  }
  tell(toIdentify(0, `crowd-${id}-1`, n, config.of, new Date(at - 3_600_000).toISOString()), at - 3_600_000)
  pass(at - 1_000)
  if (kind !== 'idle') {
    tell(toFrame(kind === 'browsing' ? page : add, 0, `crowd-${id}-2`, n, config.of, new Date(at).toISOString()), at)
    if (kind === 'cart' || kind === 'reminded') pass(due - 1)
  }
  customers.put(id, head, version, nextDue(life), lifeToText(stepper, life))
  customers.point(`u:${userId(n, config.of)}`, id)
  customers.point(`a:${anonymousId(n)}`, id)
  customers.point(`e:shopper-${n}@example.test`, id)
}

if (Number(meta.get('watermark') ?? 0) !== log.lastSeq()) throw new Error('the server before did not write everything behind')
let id = customers.lastId()
const first = id + 1
for (const { kind, count, fromMs, toMs } of config.groups) {
  const now = Date.now()
  for (let n = 0; n < count; n++) {
    if (n % 20_000 === 0) store.begin()
    write(++id, kind, Math.floor(now + fromMs + ((toMs - fromMs) * n) / count))
    if (n % 20_000 === 19_999 || n === count - 1) store.commit()
  }
}
store.begin()
seen.beginLeaving()
while (!seen.leave(1_000_000)) continue
seen.left()
meta.set('watermark', log.lastSeq())
store.commit()
answer({ first, last: id, rows: log.lastSeq() })
store.close()
