import { expect, test } from 'vitest'
import type { Decision, Track, Turn } from '../../studio/api.ts'
import { grown } from './life.ts'
import { inOrder, Pages, pageTurns } from './pages.ts'
import { chosen } from './story.tsx'
import { pretty, webUrl } from './value.tsx'

const track: Track = { count: 3, at: [1, 2, 3], states: [0, 0, 1], sets: [['a'], ['b']], kinds: [0, 0, 1], letters: [0, 2, 0] }
const turn = (index: number, active: string[], decisions: Partial<Decision>[] = []) =>
  ({ index, at: index + 1, kind: 'outcome', standing: { active }, decisions }) as unknown as Turn

test('turns that come in live go to the end of the track, and their states are known again', () => {
  const longer = grown(track, [turn(3, ['a']), turn(4, ['c'], [{ decision: 'skipped' }, { decision: 'queued' }])])
  expect(longer).toEqual({
    count: 5,
    at: [1, 2, 3, 4, 5],
    states: [0, 0, 1, 0, 2],
    sets: [['a'], ['b'], ['c']],
    kinds: [0, 0, 1, 2, 2],
    letters: [0, 2, 0, 0, 1],
  })
  expect(track.count).toBe(3)
})

test('of the story one may read all, only what moved, or only where a letter came up', () => {
  expect(chosen(track, 'all')).toBeNull()
  expect(chosen(track, 'moves')).toEqual([0, 2])
  expect(chosen(track, 'letters')).toEqual([1])
})

test('the page under the hand is fetched first, then what is on screen, then its neighbours', () => {
  expect(inOrder(5, [9, 9], 12).slice(0, 4)).toEqual([5, 9, 6, 4])
  expect(inOrder(0, [0, -1], 2)).toEqual([0, 1, 2])
  expect(inOrder(500, [0, 0], 1_000).length).toBeLessThan(40)
})

test('a long life is fetched only around the reader, and what they left far behind is let go', async () => {
  const count = 100 * pageTurns
  const asked: number[] = []
  const settled = () => new Promise((done) => setTimeout(done, 150))
  const pages = new Pages(
    count,
    (from) => {
      asked.push(from / pageTurns)
      return Promise.resolve(Array.from({ length: pageTurns }, (_, n) => turn(from + n, ['a'])))
    },
    () => {},
  )
  pages.look(0)
  await settled()
  expect(asked[0]).toBe(0)
  expect(asked.length).toBeLessThan(40)
  expect(pages.turn(0)?.index).toBe(0)
  pages.look(90 * pageTurns)
  await settled()
  expect(pages.turn(90 * pageTurns)?.index).toBe(90 * pageTurns)
  expect(pages.turn(0)).toBeNull()
  pages.stop()
})

test('only addresses of the web become links or pictures', () => {
  expect(webUrl('https://shop.example/a b')).toBe('https://shop.example/a%20b')
  for (const text of ['javascript:alert(1)', ' JavaScript:alert(1)', 'data:text/html,x', '//evil.example', '/local.png', 'x', '', 7, null])
    expect(webUrl(text)).toBeNull()
})

test('what was sent is set out over lines, and shown as it is when it was cut short', () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}')
  expect(pretty('{"a":')).toBe('{"a":')
})
