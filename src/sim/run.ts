/**
 * One seed's life: a shop full of people, the real engine and drain between them and a mail server, every kind of fault, and
 * then calm, in which everything that is due must come to its end. Judges look on all the while.
 */
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadTemplates } from '../mail/templates.ts'
import type { Bug } from './bugs.ts'
import { createClients } from './clients.ts'
import { copyAsItLies, Death, faults, looking, newGuard, removeDatabase, scratchDirectory, spoilSnapshot } from './disk.ts'
import { makeHabits } from './habits.ts'
import { machineOf } from './machines.ts'
import type { VariantName } from './machines.ts'
import { createPeople } from './people.ts'
import { createRelay } from './post.ts'
import { createReaders } from './readers.ts'
import { close, startServer } from './server.ts'
import type { Server } from './server.ts'
import { plan } from './script.ts'
import { createTape } from './tape.ts'
import { createTill } from './till.ts'
import type { Entry } from './tape.ts'
import { isSpoiled } from './judges.ts'
import { judgeEnd, judgeFound, judgeStart } from './verdict.ts'
import type { Result, Violation, Witnesses } from './verdict.ts'
import { createWorld } from './world.ts'

const templates = loadTemplates(fileURLToPath(new URL('../../templates', import.meta.url)))
const opening = Date.parse('2026-03-02T00:00:00Z')
const hour = 3_600_000
const day = 24 * hour

/** Runs a seed to its end, or to the first thing that a judge finds. The same seed gives the same hash. */
export async function runSeed(seed: number, { bug = {}, keepTrace = false }: { bug?: Bug; keepTrace?: boolean } = {}): Promise<Result> {
  const directory = scratchDirectory()
  let result: Result | null = null
  try {
    return (result = await createSeed(seed, bug, keepTrace, directory)())
  } finally {
    // Of a failing seed that somebody looks at, the database stays.
    if (keepTrace && result !== null && result.violations.length > 0) result.trace.push(`the database is in ${directory}`)
    else rmSync(directory, { recursive: true, force: true })
  }
}

function createSeed(seed: number, bug: Bug, keepTrace: boolean, directory: string): () => Promise<Result> {
  const world = createWorld(seed, opening)
  const { random } = world
  const habits = makeHabits(random.fork('habits'))
  const figures: Result['figures'] = { rows: 0, restarts: 0, decisions: 0, letters: 0, judged: 0, asked: 0, quarantined: 0, merges: 0 }
  const violations: Violation[] = []
  const trace: string[] = []
  const hash = createHash('sha256')

  const note = (line: string) => {
    const whole = `${world.elapsed()} ${line}`
    hash.update(`${whole}\n`)
    if (keepTrace) trace.push(whole)
  }
  const blame = (invariant: string, what: string) => {
    violations.push({ invariant, what })
    note(`BLAME ${invariant} ${what}`)
  }

  let server: Server | null = null
  let guard = newGuard()
  let generation = 0
  let path = join(directory, '0.db')
  let variant: VariantName = habits.variants[0]!
  let fatal: unknown = null
  let isStopping = false
  let isCalm = false

  const isCareful = habits.variants.some((name) => name === 'careful')
  const people = createPeople(blame, isCareful)
  const queued = new Map<string, string>()
  const made = new Map<number, number>()
  const spoiled = new Map<number, string>()
  const tape = createTape(world.wall, (entry) => {
    people.hear(entry)
    hear(entry)
  })
  const now = () => (server === null ? null : { server, guard, isStopping })
  const till = createTill({ world, blame, note, server: now, asked })
  const readers = createReaders({ world, people, blame, note, server: now, asked, till, isCareful })
  const relay = createRelay(world, {
    isAlive: () => !guard.isDead && fatal === null,
    firstByte: readers.firstByte,
    done(trip) {
      note(`trip ${trip.messageId} ${trip.receipt}${trip.arrived ? ' arrived' : ''}`)
      if (trip.to.includes('bounces')) readers.suppress(trip.to)
    },
  })
  const clients = createClients(world, opening, {
    acked: (entry) => note(`ack ${entry.key}`),
    refused: (entry) => note(`refused ${entry.key} ${entry.refusal}`),
  })
  const witnesses: Witnesses = { blame, clients, people, relay, readers, till, tape, queued, made, spoiled }

  function hear(entry: Entry) {
    switch (entry.what) {
      case 'row': {
        const { seq, customer, at, kind, inert, machine, body } = entry.row
        figures.rows++
        if (inert === 2) figures.quarantined++
        if (kind === 5) figures.merges++
        return note(`row ${seq} ${customer} ${at} ${kind} ${inert} ${machine} ${body.length > 300 ? body.length : body}`)
      }
      case 'decision': {
        const { id, key, at, decision, reason } = entry.decision
        figures.decisions++
        made.set(id, world.elapsed())
        return note(`decision ${id} ${key} ${at} ${reason ?? decision}`)
      }
      case 'letter': {
        const { id, messageId, mime, recipient, template } = entry.letter
        figures.letters++
        queued.set(messageId, mime)
        readers.plan(id, template, recipient)
        return note(`letter ${id} ${messageId} ${mime}`)
      }
      case 'turn':
        return
    }
  }

  // ---- the process

  function start() {
    if (server !== null) return
    const next = isCalm ? variant : random.pick(habits.variants)
    guard = newGuard()
    fatal = null
    isStopping = false
    if (!isCalm && random.chance(0.15)) arm(random.between(0, 120))
    note(`start ${generation} ${next}`)
    try {
      const started = startServer({
        world,
        path,
        directory,
        guard,
        tape,
        relay,
        templates,
        habits,
        bug,
        machine: machineOf(next),
        onFatal: (error) => void (fatal ??= error),
        onOpen(store) {
          looking(guard, () => judgeFound(store, witnesses))
          if (next !== variant) people.newMachines()
          variant = next
        },
      })
      server = started
      looking(guard, () => judgeStart(started, witnesses))
      clients.connect(started.batch)
    } catch (error) {
      // With no fault on the disk it must start.
      if (guard.hit === null) blame('R10', `it does not start: ${(error as Error).message}`)
      note(`no start: ${(error as Error).message}`)
      world.kill()
      moveOn()
      if (violations.length === 0) world.later(1_000, start)
    }
  }

  /** The disk fails at the n-th statement from now. */
  function arm(n: number) {
    guard.fault = random.pick(faults)
    guard.rolls = random.chance(0.5)
    guard.faultAt = guard.count + n
  }

  /** Now, or at one of the next statements. */
  function crash() {
    if (server === null) return
    if (random.chance(0.8)) arm(random.pick([1, random.between(1, 30), random.between(1, 400)]))
    else guard.isDead = true
  }

  /** A reader has asked for something: now and then at the worst moment. */
  function asked() {
    if (!isCalm && random.chance(0.04)) arm(random.between(1, 12))
  }

  /** The next process finds the file as it lies there now. */
  function moveOn() {
    const before = path
    path = join(directory, `${++generation}.db`)
    copyAsItLies(before, path, random)
    removeDatabase(before)
  }

  /** The process is gone, whatever it was doing. */
  function die(why: string) {
    note(`died: ${why}`)
    const { store } = server!
    server = null
    guard.isDead = true
    figures.restarts++
    world.kill()
    relay.cut()
    clients.disconnect()
    moveOn()
    close(store)
    if (random.chance(0.15)) spoilSnapshot(path, random, spoiled)
    world.later(random.pick([0, 1_000, hour / 3, random.between(0, 2 * day)]), start)
  }

  /** SIGTERM. */
  async function stop() {
    if (server === null || isStopping) return
    isStopping = true
    const stopping = server
    clients.disconnect()
    try {
      await stopping.stop()
    } catch (error) {
      if (!(error instanceof Death)) fatal ??= error
      return
    }
    if (server !== stopping || guard.isDead || fatal !== null) return
    note('stopped')
    server = null
    world.kill()
    relay.cut()
    close(stopping.store)
    world.later(random.between(0, hour), start)
  }

  // ---- the course of things

  return async () => {
    start()
    if (isCareful) till.open()
    plan(world, habits, { clients, relay, note, crash, stop: () => void stop() })
    await goOn(habits.span)
    note('calm')
    isCalm = true
    guard.faultAt = Infinity
    relay.setTrouble(0)
    relay.setDown(false)
    start()
    await goOn(world.elapsed() + habits.calm)
    if (violations.length === 0) await finish()
    if (server !== null) close(server.store)
    return { seed, hash: hash.digest('hex').slice(0, 16), trace, violations, figures }
  }

  /** Lets everything happen that does until then. */
  async function goOn(until: number) {
    while (violations.length === 0) {
      if (!work()) {
        if (world.elapsed() >= until) return
        pass(until)
      }
      await settled()
      if (server === null) continue
      if (guard.isDead) die('crash')
      else if (fatal !== null) {
        if (guard.hit === null) blame('R10', `it ended by itself: ${(fatal as Error).message}`)
        die(`fatal ${(fatal as { code?: string }).code ?? (fatal as Error).message}`)
      }
    }
  }

  /** Time leaps from one thing to the next; in calm, not over work that waits. */
  function pass(until: number) {
    if (server === null) return world.pass(until)
    const { engine, store } = server
    if (isCalm && looking(guard, () => store.letters.nextAt() ?? Infinity) <= world.wall()) return world.pass(until, true)
    const due = engine.lives.agenda.next() - world.wall()
    const leap = isCalm ? 6 * hour : habits.leap
    world.pass(Math.min(until, world.elapsed() + (due > 0 && due < leap ? due : leap)))
  }

  /** One thing; what a process throws and nobody catches ends it. */
  function work(): boolean {
    try {
      return world.work()
    } catch (error) {
      if (!(error instanceof Death)) fatal ??= error
      return true
    }
  }

  async function finish() {
    if (server === null) return blame('R10', 'it does not run in calm')
    const last = server
    mend(last)
    for (let n = 0; n < 100 && !(last.isQuiet() && relay.count() === 0); n++) await goOn(world.elapsed() + 61_000)
    isStopping = true
    let isDone = false
    void last.stop().then(() => (isDone = true))
    for (let n = 0; !isDone && n < 10_000; n++) {
      if (!work()) world.pass(world.elapsed() + 1_000)
      await settled()
    }
    if (!isDone) blame('R10', 'it does not stop')
    const { judged, policy } = judgeEnd(last, witnesses, habits.policy, templates, world.wall())
    figures.judged = judged
    figures.asked = policy
  }

  /** Whoever was spoiled and never came back is read once, so that the clean stop writes what the log tells. */
  function mend({ engine, store }: Server) {
    for (const id of spoiled.keys()) {
      const one = isSpoiled(store, spoiled, id) ? engine.lives.get(id) : null
      if (one !== null) engine.lives.put(one, one.life, one.head)
    }
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))
