/**
 * Runs seeds: `node src/sim/sim.ts [--seeds 200] [--from 1] [--bug NAME] [--trace]`.
 * Exit 1 names the first seed that fails; `--trace` tells all that happened in it and keeps its database.
 */
import { parseArgs } from 'node:util'
import { bugs } from './bugs.ts'
import type { Bug } from './bugs.ts'
import { runSeed } from './run.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    bug: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
})
const planted: Record<string, Bug> = bugs
const bug = values.bug === undefined ? {} : planted[values.bug]
if (bug === undefined) {
  console.error(`there is no bug "${values.bug}", only:\n  ${Object.keys(bugs).join('\n  ')}`)
  process.exit(2)
}
const from = Number(values.from)
const started = performance.now()
const total: Record<string, number> = { seeds: 0 }
for (let seed = from; seed < from + Number(values.seeds); seed++) {
  const { hash, violations, trace, figures } = await runSeed(seed, { bug, keepTrace: values.trace })
  total['seeds']!++
  for (const [name, n] of Object.entries(figures)) total[name] = (total[name] ?? 0) + n
  for (const line of trace) console.log(line)
  if (violations.length === 0) continue
  console.log(`seed ${seed} fails (trace ${hash}); --seeds 1 --from ${seed} --trace tells how`)
  for (const { invariant, what } of violations.slice(0, 5)) console.log(`  ${invariant}: ${what}`)
  process.exitCode = 1
  break
}
const seconds = (performance.now() - started) / 1_000
console.log(
  Object.entries(total)
    .map(([name, n]) => `${n} ${name}`)
    .join(', '),
  `in ${seconds.toFixed(1)} s: ${(total['seeds']! / seconds).toFixed(1)} seeds/s`,
)
