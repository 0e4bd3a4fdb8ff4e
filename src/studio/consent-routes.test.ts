import { afterEach, expect, test } from 'vitest'
import { openHouse } from '../sim/browser.ts'
import type { House } from '../sim/browser.ts'
import type { ConsentPage, ConsentSummary, ConsentUpload } from './api-consent.ts'
import type { CustomerList, LetterList, LetterPage } from './api.ts'

const houses = new Set<House>()
afterEach(async () => {
  for (const house of houses) await house.stop()
  houses.clear()
})

async function open(...given: Parameters<typeof openHouse>): Promise<House> {
  const house = await openHouse(...given)
  houses.add(house)
  return house
}
const api = (house: House, path: string, init?: RequestInit) => fetch(`${house.server.url}/studio/api/${path}`, init)
const get = async <T>(house: House, path: string) => (await (await api(house, path)).json()) as T
const upload = async (house: House, text: string) =>
  (await (
    await api(house, 'consent', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) })
  ).json()) as ConsentUpload

const list =
  'email,user_id,status,topics,source,at\nann@example.com,ann,subscribed,offers=no,old list,2024-03-01\n=1@example.com,,unsubscribed,,,\nnobody,,subscribed,,,\n'

test('a list is taken in from the page, shows in the numbers, on the customer’s page and in the log of who did what', async () => {
  const house = await open()
  expect(await upload(house, list)).toMatchObject({ taken: 2, refused: 1, reasons: [{ row: 3 }] })
  expect(await upload(house, list)).toMatchObject({ taken: 2 })
  const { customers } = await get<CustomerList>(house, 'customers?query=ann')
  const page = await get<ConsentPage>(house, `customers/${customers[0]!.id}/consent`)
  expect(page).toMatchObject({
    status: 'subscribed',
    source: 'import: old list',
    history: [{ by: 'import', consent: 'subscribed', topics: { offers: false } }],
  })
  const summary = await get<ConsentSummary>(house, 'consent')
  expect(summary.recent.map(({ by }) => by)).toEqual(['import', 'import'])
  expect(summary.rules).toMatchObject({ asks: 'nobody', quietHours: null })
  expect(summary.suppressed.unsubscribed).toBe(1)
  expect(JSON.stringify(await get(house, 'audit'))).toContain('took in a list of consents')
})

test('what is no list is refused with what to do, and changes nothing', async () => {
  const house = await open()
  expect(await upload(house, 'hello')).toMatchObject({ code: 'consent.invalid' })
  expect((await get<ConsentSummary>(house, 'consent')).recent).toEqual([])
})

test('the list is downloaded as a file that no spreadsheet runs, and that is written down', async () => {
  const house = await open()
  await upload(house, list)
  const answer = await api(house, 'consent/export?format=csv')
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="consents.csv"')
  expect((await answer.text()).split('\n')[0]).toBe('email,user_id,status,topics,source,at')
  expect(JSON.stringify(await get(house, 'audit'))).toContain('downloaded all consents')
})

test('from a yes in a browser to the button that confirms it: the letter, the page, the choice, and the way back', async () => {
  const house = await open({ settings: { doubleOptIn: '1' } })
  const { url, keys } = house.server
  const key = keys.find(({ kind }) => kind === 'public')!.token
  await fetch(`${url}/v1/identify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${key}:`)}`, origin: url },
    body: JSON.stringify({ anonymousId: 'a', traits: { email: 'ann@example.com', consent: 'subscribed' } }),
  })
  const { letters } = await get<LetterList>(house, 'letters')
  expect(letters.map(({ template }) => template)).toEqual(['confirm-subscription'])
  const { links } = await get<LetterPage>(house, `letters/${letters[0]!.id}`)
  const confirm = links.map((link) => link.url).find((link) => link.endsWith('/confirm'))!
  const post = (to: string, body: string) =>
    fetch(to, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }).then(
      async (answer) => [answer.status, await answer.text()] as const,
    )
  const secret = { headers: { authorization: `Bearer ${keys.find(({ kind }) => kind === 'secret')!.token}` } }
  const status = async () => ((await (await fetch(`${url}/v1/consent?email=ann@example.com`, secret)).json()) as ConsentPage).status

  const mark = /name="mark" value="([^"]+)"/.exec(await (await fetch(confirm)).text())![1]!
  expect((await post(confirm, 'List-Unsubscribe=One-Click'))[0]).toBe(400)
  expect(await status()).toBe('pending')
  for (let times = 0; times < 2; times++) expect((await post(confirm, `mark=${mark}`))[1]).toContain('You are on the list')
  expect(await status()).toBe('subscribed')

  const page = confirm.replace('/confirm', '')
  await post(page, `mark=${mark}&letters=unsubscribed`)
  expect(await status()).toBe('unsubscribed')
  expect((await post(confirm, `mark=${mark}`))[1]).not.toContain('You are on the list')
  await post(page, `mark=${mark}&letters=subscribed&topic=orders&topic=reminders&topic=offers`)
  expect(await status()).toBe('subscribed')
  const told = (await (await fetch(`${url}/v1/consent?email=ann@example.com`, secret)).json()) as ConsentPage
  expect(told.history.map(({ by, consent }) => [by, consent])).toEqual([
    ['letter link', 'subscribed'],
    ['letter link', 'unsubscribed'],
    ['letter link', 'subscribed'],
    ['browser', 'pending'],
  ])
  expect((await fetch(`${page.slice(0, -1)}${page.endsWith('A') ? 'B' : 'A'}`)).status).toBe(404)
})
