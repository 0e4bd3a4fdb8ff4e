/** How the server is doing: rates and waits of the last minute, what is behind, and what needs somebody. */
import type { Batch } from '../actors/batch.ts'
import type { Engine } from '../actors/engine.ts'
import type { Supply } from '../codes/supply.ts'
import type { Clock } from '../core/world.ts'
import type { Letters } from '../store/letters.ts'
import type { Quarantine } from '../store/quarantine.ts'
import type { Health } from './api.ts'

type Options = {
  clock: Clock
  engine: Engine
  batch: Batch
  letters: Letters
  quarantine: Quarantine
  refusals: () => number
  sockets: () => number
  memoryBytes: () => number
  machine: string
  /** How the pools of discount codes are. */
  supplies: () => Supply[]
}

type Second = { at: number; events: number; transitions: number; queued: number; refusals: number; waits: [ms: number, times: number][] }

const minuteMs = 60_000
/** Counting letters reads indexes: no more often than this. */
const tallyMs = 2_000

export function createHealth(options: Options) {
  const { clock, engine, batch, letters, quarantine } = options
  const startedAt = clock.now()
  const past: Second[] = [look([])]
  let cancel = () => {}
  let tally = { at: -Infinity, letters: letters.tally(), quarantined: quarantine.count(), supplies: options.supplies() }

  function look(waits: Second['waits']): Second {
    const { events, transitions, queued } = engine.counts
    return { at: clock.now(), events, transitions, queued, refusals: options.refusals(), waits }
  }

  function sample() {
    past.push(look(batch.waits()))
    while (past.length > 1 && clock.now() - past[1]!.at >= minuteMs) past.shift()
    cancel = clock.after(1_000, sample)
  }

  function health(): Health {
    const now = clock.now()
    if (now - tally.at >= tallyMs) tally = { at: now, letters: letters.tally(), quarantined: quarantine.count(), supplies: options.supplies() }
    const first = past[0]!
    const latest = look([])
    const seconds = Math.max(1, (latest.at - first.at) / 1_000)
    const perSecond = (name: 'events' | 'transitions' | 'queued' | 'refusals') => Math.round(((latest[name] - first[name]) / seconds) * 10) / 10
    const { failed, unknown, backlog } = tally.letters
    const known = {
      at: now,
      version: { machine: options.machine, startedAt },
      perSecond: { events: perSecond('events'), transitions: perSecond('transitions'), letters: perSecond('queued'), refusals: perSecond('refusals') },
      ack: waitsOf(past.flatMap(({ waits }) => waits)),
      backlog: { events: batch.backlog(), letters: backlog, overdueTimers: engine.lives.agenda.countDue(now - 1_000) },
      letters: { failed, unknown },
      quarantined: tally.quarantined,
      sockets: options.sockets(),
      memoryMb: Math.round(options.memoryBytes() / 1_048_576),
    }
    return { ...known, complaints: [...complaintsOf(known), ...tally.supplies.flatMap(complaintOf)].toSorted((a, b) => ranks[a.level] - ranks[b.level]) }
  }

  cancel = clock.after(1_000, sample)
  return { health, stop: () => cancel() }
}

const ranks = { bad: 0, warn: 1 }

const complaintOf = ({ pool, level, words }: Supply): Health['complaints'] =>
  level === 'good' ? [] : [{ level, words: `the pool of discount codes “${pool}”: ${words}`, hint: 'Add codes to it under Codes.' }]

/** Percentiles of [ms, times]. */
function waitsOf(waits: readonly [number, number][]): Health['ack'] {
  const sorted = waits.toSorted((a, b) => a[0] - b[0])
  const total = sorted.reduce((sum, [, times]) => sum + times, 0)
  if (total === 0) return null
  const at = (share: number) => {
    let left = total * share
    return sorted.find(([, times]) => (left -= times) <= 0)![0]
  }
  return { p50: at(0.5), p99: at(0.99) }
}

const some = (n: number, one: string) => `${n.toLocaleString('en')} ${one}${n === 1 ? '' : 's'}`

function complaintsOf(health: Omit<Health, 'complaints'>): Health['complaints'] {
  const { letters, quarantined, backlog, ack, perSecond } = health
  const complaints: Health['complaints'] = []
  const say = (when: boolean, level: 'bad' | 'warn', words: string, hint: string) => when && complaints.push({ level, words, hint })
  say(quarantined > 0, 'bad', `${some(quarantined, 'event')} set aside: a machine threw on them`, 'Mend the machine, start again, and retry them below.')
  say(letters.failed > 0, 'bad', `${some(letters.failed, 'letter')} failed`, 'Read the relay’s answer in the inbox; send again what should go.')
  say(backlog.overdueTimers > 100, 'bad', `${some(backlog.overdueTimers, 'timer')} overdue`, 'The server is behind; it fires them in due order.')
  say(
    letters.unknown > 0,
    'warn',
    `${some(letters.unknown, 'letter')} held: the connection broke when they may have left`,
    'Release in the inbox those that should go once more.',
  )
  say(backlog.letters > 1_000, 'warn', `${some(backlog.letters, 'letter')} wait for the relay`, 'Is it reachable, and does it take mail?')
  say((ack?.p99 ?? 0) > 250, 'warn', `one ack in a hundred takes over ${ack?.p99} ms`, 'Is another program on this disk or these cores?')
  say(perSecond.refusals >= 0.1, 'warn', `${perSecond.refusals} refusals a second`, 'Under Refusals each says why, and how to mend it.')
  return complaints
}
