/**
 * `npm run bench`: every number we claim, measured on this machine in one run, beside the machine's own limits and two
 * baselines. `--quick` for smaller numbers, `--only throughput,step` for some of it, `--json FILE` to keep it.
 */
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { cpuOfAll, redisVersion } from './child.ts'
import { measureDecisions, measureLimits, measureRender, measureReplay, measureStep } from './limits.ts'
import { measureMillion, measureOverdue } from './million.ts'
import { measureDelivery, measureSockets } from './outside.ts'
import { toRows } from './targets.ts'
import type { Figures, Measure, Row } from './targets.ts'
import { measureRecommend } from './recommend.ts'
import { measureStudio } from './studio.ts'
import { measureThroughput } from './throughput.ts'

const measures: Record<string, Measure> = {
  limits: measureLimits,
  step: measureStep,
  throughput: measureThroughput,
  replay: measureReplay,
  million: measureMillion,
  overdue: measureOverdue,
  render: measureRender,
  decisions: measureDecisions,
  delivery: measureDelivery,
  sockets: measureSockets,
  studio: measureStudio,
  recommend: measureRecommend,
}

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, json: { type: 'string' } } })
const wanted = values.only?.split(',') ?? Object.keys(measures)
const unknown = wanted.filter((name) => measures[name] === undefined)
if (unknown.length > 0) {
  process.stderr.write(`there is no measure ${unknown.join(', ')}, only ${Object.keys(measures).join(', ')}\n`)
  process.exit(2)
}

const begun = performance.now()
const cpuBegun = cpuOfAll()
const seconds = () => Math.round((performance.now() - begun) / 1_000)
const say = (what: string) => process.stderr.write(`${String(seconds()).padStart(4)} s  ${what}\n`)
const figures: Record<string, number> = {}
const failed: string[] = []
for (const name of wanted) {
  try {
    await measures[name]!({ quick: values.quick, say, figures })
  } catch (error) {
    failed.push(name)
    process.stderr.write(`${name} was not measured: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}

const rows = toRows(figures)
const facts = machineFacts()
const result = JSON.stringify({ ...facts, quick: values.quick, seconds: seconds(), failed, figures: rounded(figures), rows })
process.stdout.write(`\n${toTable(rows, facts)}\n\n${result}\n`)
if (values.json !== undefined) writeFileSync(values.json, `${result}\n`)
process.exit(failed.length === 0 ? 0 : 1)

function machineFacts() {
  const [cpu] = cpus()
  return {
    date: new Date().toISOString(),
    node: process.version,
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    redis: redisVersion(),
    /** Cores' worth of work that others did meanwhile: what disturbs every figure. */
    others: Number(otherCores().toFixed(2)),
  }
}

function otherCores(): number {
  const { machine, ours } = cpuOfAll()
  return (machine - cpuBegun.machine - (ours - cpuBegun.ours)) / ((performance.now() - begun) / 1_000)
}

function toTable(all: readonly Row[], facts: ReturnType<typeof machineFacts>): string {
  const cells = all.map(({ name, value, unit, goal, reached, note }) => [name, show(value), unit, goal, reached, note])
  const head = ['what', 'measured', 'unit', 'goal', 'reached', '']
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 1 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd()
  const machine = `${facts.date}  Node ${facts.node}  ${facts.cores} cores of ${facts.cpu}, ${facts.memoryGb} GB  Redis ${facts.redis ?? 'not installed'}`
  const others = `other programs used ${facts.others.toFixed(2)} of ${facts.cores} cores meanwhile`
  return [machine, others, '', line(head), ...cells.map(line)].join('\n')
}

function show(value: number | null): string {
  if (value === null) return 'not measured'
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)
}

function rounded(all: Figures): Figures {
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, Number(value.toPrecision(5))]))
}
