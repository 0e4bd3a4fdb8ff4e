/** What the machine itself gives, and what needs no server: steps, replay, rendering. */
import { makeDirectory, median, removeDirectory, runScript } from './child.ts'
import type { Decisions } from './decisions.ts'
import type { Speed } from './speed.ts'
import type { Measure } from './targets.ts'
import { measureBare } from './throughput.ts'

async function speed(part: Speed['part'], ms: number, events = 0): Promise<Record<string, number>> {
  const directory = makeDirectory()
  const figures = await runScript<Record<string, number>>('speed', { part, directory, ms, events } satisfies Speed)
  removeDirectory(directory)
  return figures
}

export const measureLimits: Measure = async ({ quick, say, figures }) => {
  say('raw limits')
  const ms = quick ? 1_000 : 3_000
  const { fdatasyncs } = await speed('disk', ms)
  const { appends } = await speed('rows', ms)
  Object.assign(figures, { 'raw.fdatasyncs': fdatasyncs!, 'raw.appends': appends!, 'raw.ws': await measureBare(quick ? 100_000 : 500_000) })
}

export const measureStep: Measure = async ({ quick, say, figures }) => {
  say('steps')
  const ms = quick ? 800 : 2_000
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 1; round <= 3; round++) {
    theirs.push((await speed('transition', ms))['transitions']!)
    ours.push((await speed('step', ms))['steps']!)
  }
  Object.assign(figures, { 'step.rate': median(ours), 'step.transition': median(theirs) })
}

export const measureReplay: Measure = async ({ quick, say, figures }) => {
  say('replay')
  const events = quick ? 100_000 : 300_000
  const views = await speed('replay', 0, events)
  const mixed = await speed('replayMixed', 0, events)
  Object.assign(figures, {
    'replay.rate': views['replayed']!,
    'replay.timers': views['timers']!,
    'replay.letters': views['letters']!,
    'replay.mixedRate': mixed['replayed']!,
    'replay.mixedTimers': mixed['timers']!,
    'replay.mixedLetters': mixed['letters']!,
  })
}

export const measureRender: Measure = async ({ quick, say, figures }) => {
  say('letters written')
  const { rendered, prepared, letterBytes } = await speed('render', quick ? 1_000 : 3_000)
  Object.assign(figures, { 'letters.rendered': rendered!, 'letters.prepared': prepared!, 'letters.bytes': letterBytes! })
}

export const measureDecisions: Measure = async ({ quick, say, figures }) => {
  say('decisions with full content')
  const directory = makeDirectory()
  const config: Decisions = { directory, customers: quick ? 2_000 : 6_000, products: quick ? 5_000 : 50_000, rounds: quick ? 3 : 5 }
  const { full, bare, share, letters } = await runScript<Record<string, number>>('decisions', config)
  removeDirectory(directory)
  Object.assign(figures, { 'decisions.full': full!, 'decisions.bare': bare!, 'decisions.share': share!, 'decisions.letters': letters! })
}
