import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { Chart, ChartTransition } from '../../studio/api.ts'
import { otherEvents, readProperties, toClientCode, toCurl, usualEvents } from './bench.ts'

test('the curl to copy says exactly the event, whatever is in it', () => {
  const properties = { name: 'Ann\'s $HOME `id` \\ "fern"', note: '\n' }
  const shown = toCurl('http://127.0.0.1:4650', 'sandbox-1', 'Product Added', properties)
  const told = execFileSync('sh', ['-c', shown.replace('curl ', 'printf "%s\\n" ').replace(/-d '/, "-d -- '")], { encoding: 'utf8' })
  expect(JSON.parse(told.slice(told.indexOf('{')))).toEqual({ userId: 'sandbox-1', event: 'Product Added', properties })
})

test('the code to copy is code, whatever is in the event', () => {
  const code = toClientCode('http://127.0.0.1:4650', "o'neil", 'Product Added', { name: '</script>"\u2028' })
  const told: unknown[] = []
  const Beckon = class {
    track(...all: unknown[]) {
      told.push(...all)
    }
  }
  new Function('Beckon', `return (async () => { ${code} })()`)(Beckon)
  expect(told).toEqual(['Product Added', { name: '</script>"\u2028' }, { userId: "o'neil" }])
})

test('what is no object is refused in words, and nothing at all is no properties', () => {
  expect(readProperties('{ "a": 1 }')).toEqual({ a: 1 })
  expect(readProperties('  ')).toEqual({})
  expect(readProperties('{ a: 1 }')).toMatch(/^This is not JSON yet: /)
  for (const text of ['[1]', '7', 'null']) expect(readProperties(text)).toMatch(/one JSON object/)
})

test('a machine’s own events are offered beside the usual ones', () => {
  const transition = (event: string, words: string) => ({ key: event, event, words, guard: null }) satisfies ChartTransition
  const transitions = [
    transition('site.product_added', 'Product Added'),
    transition('site.quiz_done', 'Quiz Done'),
    transition('site.*', 'anything'),
    transition('mail.opened', 'opened'),
    transition('site.page', 'Page'),
  ]
  const chart = { hash: '', regions: [{ nodes: [], edges: [{ id: '', from: '', to: '', transitions }] }] } as unknown as Chart
  expect(otherEvents(chart, usualEvents('http://shop.test/'))).toEqual(['Quiz Done'])
  expect(otherEvents(null, new Map())).toEqual([])
})
