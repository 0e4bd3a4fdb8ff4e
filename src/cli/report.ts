/** `beckon report`: what letters earned, and what experiments tell, from the database beside a running server. */
import { existsSync } from 'node:fs'
import { BeckonError } from '../core/errors.ts'
import { createResults } from '../report/results.ts'
import type { Attribution, Experiments, Money } from '../studio/api-results.ts'
import { readConfig } from './config.ts'
import { openExisting } from './why.ts'

type Options = {
  by: string
  from?: string
  to?: string
  model: string
  days?: string
  experiments?: boolean
  data: string
  json?: boolean
  csv?: boolean
}

export function report({ data, json, csv, experiments, ...asked }: Options): void {
  if (existsSync('.env')) process.loadEnvFile('.env')
  const { shop } = readConfig({ port: 0, host: '127.0.0.1', data, settings: '' })
  const store = openExisting(data)
  try {
    const questions = createResults(store, shop)
    const input = { ...asked, now: Date.now(), ...(csv ? { format: 'csv' } : {}) }
    const answer = experiments ? questions.experiments(input) : questions.results(input)
    if ('refused' in answer) throw new BeckonError('usage', `give ${answer.about}`)
    process.stdout.write(
      'csv' in answer ? answer.csv : json ? `${JSON.stringify(answer)}\n` : 'experiments' in answer ? experimentWords(answer) : earnedWords(answer),
    )
  } finally {
    store.close()
  }
}

function earnedWords(answer: Attribution): string {
  const { rows, total, shop, carts, windowMs, model } = answer
  const window = windowMs / 86_400_000
  const head = ['', 'sent', 'opened', 'clicked', 'orders', 'revenue', 'per letter']
  const lines = [...rows, { ...total, key: 'all' }].map((row) =>
    [row.key, row.sent, row.opened, row.clicked, row.orders, amounts(row.revenue), row.perSent === null ? '–' : amounts(row.perSent)].map(String),
  )
  const wide = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)))
  const row = (cells: string[]) =>
    `${cells
      .map((cell, column) => (column === 0 ? cell.padEnd(wide[0]!) : cell.padStart(wide[column]!)))
      .join('  ')
      .trimEnd()}\n`
  return (
    `${day(answer.from)} to ${day(answer.to - 1)}: orders within ${window} days of ${model === 'last-click' ? 'a click' : 'an open or a click'}\n\n` +
    row(head) +
    lines.map(row).join('') +
    `\nthe shop in all: ${shop.orders} orders, ${amounts(shop.revenue)}\n` +
    `carts written to: ${carts.written}, recovered: ${carts.recovered}, ${amounts(carts.revenue)}\n` +
    `after an open alone: ${total.afterOpen.orders} orders, ${amounts(total.afterOpen.revenue)}\n` +
    (shop.byBrowsers === 0 ? '' : `${shop.byBrowsers} orders were told by browsers alone and count nowhere: send orders with a secret key\n`)
  )
}

function experimentWords({ experiments, days }: Experiments): string {
  if (experiments.length === 0) return 'no experiments: BECKON_HOLDOUT=cart=0.1 holds a tenth of the customers out of the cart’s letters\n'
  return experiments
    .map(({ kind, about, running, started, arms, comparisons, pending, both }) => {
      const since = started === null ? 'nobody yet' : `since ${day(started)}`
      const said = comparisons.map(({ metric, arm, against, words }) => `  ${metric}, ${arm} against ${against}: ${words}\n`)
      const counted = arms.map(({ name, customers, converted, revenue }) => `  ${name}: ${customers} customers, ${converted} ordered, ${revenue.toFixed(2)}\n`)
      return `${kind} ${about}, ${since}${running ? '' : ', ended'}, ${days} days each\n${counted.join('')}${said.join('')}  not counted: ${pending} whose days are not over, ${both} seen in two arms\n`
    })
    .join('\n')
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
const amounts = (money: Money): string =>
  Object.entries(money)
    .map(([currency, amount]) => `${amount.toFixed(2)} ${currency}`)
    .join(' + ') || '0'
