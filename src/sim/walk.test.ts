/** The studio and the demo shop as people meet them: a real server, a real browser, and what is seen on the pages. */
import { createRequire } from 'node:module'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openHouse, openPage, send } from './browser.ts'
import type { House } from './browser.ts'
import { chromiumPath, openBrowser } from './chromium.ts'
import { makeCrowd } from './crowd.ts'
import { scrub } from './scrub.ts'

if (chromiumPath === undefined) process.stderr.write('no browser was found: the tests in Chromium are skipped (apt-get install chromium)\n')

let browser: Browser
const houses: House[] = []

async function open(...given: Parameters<typeof openHouse>): Promise<House> {
  const house = await openHouse(...given)
  houses.push(house)
  return house
}

/** A page that must have nothing to complain of when `walk` is over. */
async function walking(walk: (page: Page) => Promise<void>, size?: { width: number; height: number }, expected: RegExp = /^$/) {
  const { page, complaints } = await openPage(browser, size)
  await walk(page)
  expect(complaints.filter((complaint) => !expected.test(complaint))).toEqual([])
  await page.context().close()
}

const customerOf = async (house: House, query: string) => {
  const answer = await fetch(`${house.server.url}/studio/api/customers?query=${encodeURIComponent(query)}`)
  return ((await answer.json()) as { customers: { id: number }[] }).customers[0]!.id
}

describe.skipIf(chromiumPath === undefined)('in a browser', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    for (const house of houses) await house.stop()
  })

  test('a newcomer puts something in the cart, skips 45 minutes, reads the letter, asks why, and goes back in time', async () => {
    const { server } = await open()
    await walking(async (page) => {
      await page.goto(`${server.url}/demo`)
      await page
        .getByRole('button', { name: /^Add .* to the cart$/ })
        .first()
        .click()
      await page.getByRole('button', { name: 'Skip 45 min', exact: true }).click()
      await page.getByLabel('First name').fill('Ann')
      await page.getByRole('button', { name: 'That’s me' }).click()
      await page.locator('.mailbox button').first().click()
      const letter = page.frameLocator('iframe[title="The letter"]')
      await letter.getByText('Hi Ann').first().waitFor()
      const [studio] = await Promise.all([page.waitForEvent('popup'), page.getByRole('link', { name: 'Why this letter?' }).click()])
      const why = studio.getByRole('region', { name: 'Why?' })
      await why
        .getByText(/fewer than the 3/)
        .first()
        .waitFor()
      await why.getByText('Product Added').first().waitFor()
      const instant = studio.locator('.instant')
      const slider = studio.getByRole('slider', { name: 'Instant of this life' })
      expect(await slider.getAttribute('aria-valuetext')).toMatch(/^now/)
      await slider.focus()
      await slider.press('Home')
      expect(await slider.getAttribute('aria-valuetext')).toMatch(/^turn 1 of/)
      await expect.poll(() => activeIn(instant)).toContain('empty')
      await slider.press('End')
      await expect.poll(() => activeIn(instant)).toContain('reminded')
      expect(await activeIn(instant)).not.toContain('empty')
    })
  })

  test('one customer is found among 100,000, and a life of 10,000 turns is dragged through at 30 pictures a second', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'beckon-'))
    makeCrowd({ dir, customers: 100_000, turns: 10_000, now: Date.now() - 60_000 })
    const { server } = await open({}, dir)
    await walking(async (page) => {
      await page.goto(`${server.url}/studio/customers`)
      await page.getByText('100,002').first().waitFor()
      await page.getByRole('searchbox').fill('shopper-77777@')
      await page
        .getByRole('link', { name: /shopper-77777/ })
        .first()
        .click()
      await page.getByRole('heading', { name: 'shopper-77777' }).waitFor()
      await page.goto(`${server.url}/studio/customers?query=busy`)
      await page.getByRole('link', { name: /busy/ }).first().click()
      const { framesPerSecond, turns } = await scrub(page)
      process.stderr.write(`scrubbing through ${turns} turns: ${framesPerSecond.toFixed(0)} pictures a second\n`)
      expect(turns).toBeGreaterThan(10_000)
      // Slow machines are slow; what would be wrong is a picture that waits for the server.
      expect(framesPerSecond).toBeGreaterThan(10)
    })
  })

  test('what strangers send is shown as text and does nothing', async () => {
    const house = await open()
    const hostile = '<img src=x onerror="document.title=\'broken\'">'
    const properties = {
      product_id: hostile,
      name: hostile,
      url: 'javascript:alert(1)',
      image_url: 'javascript:alert(2)',
      price: 1,
      note: 'y'.repeat(29_000),
      email: 'eve@example.test',
    }
    await send(house, [
      { type: 'identify', userId: hostile, traits: { email: 'eve@example.test', first_name: hostile } },
      { type: 'track', userId: hostile, event: 'Product Added', properties },
      { type: 'page', userId: hostile, properties: { path: 'javascript:alert(3)' } },
    ])
    const id = await customerOf(house, 'eve@')
    for (const size of [
      { width: 1440, height: 900 },
      { width: 360, height: 740 },
    ])
      await walking(async (page) => {
        for (const path of ['customers', `customers/${id}`, `customers/${id}?turn=1`, `customers/${id}?why=cart-abandoned`, `?customer=${id}`, 'live']) {
          await page.goto(`${house.server.url}/studio/${path}`)
          await page.getByRole('heading', { level: 1 }).first().waitFor()
          await page.waitForTimeout(500)
          expect(await page.title()).toMatch(/Beckon/)
          expect(await page.locator('img[src="x"], a[href^="javascript"], img[src^="javascript"]').count()).toBe(0)
          expect([path, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([path, 0])
        }
      }, size)
  })

  test('a server that others can reach asks who is there: a link once, then a name and a password', async () => {
    const house = await open({ publicUrl: 'http://localhost:0', isPublicUrlGiven: true, signIn: true })
    const { setUpLink } = house.server.studio
    await walking(
      async (page) => {
        await page.goto(`${house.server.url}/studio/customers`)
        await page.getByLabel('Password').waitFor()
        await page.goto(setUpLink!)
        await page.getByLabel('Name').fill('Ann')
        await page.getByLabel('Password').first().fill('correct horse battery')
        await page.locator('button[type=submit]').click()
        await page.getByRole('heading', { name: 'Machine' }).waitFor()
        expect(page.url()).not.toContain('token')
        const [cookie] = await page.context().cookies()
        expect(cookie).toMatchObject({ name: '__Host-beckon', httpOnly: true, secure: true, sameSite: 'Strict' })
        await page.context().clearCookies()
        await page.goto(`${house.server.url}/studio`)
        await page.getByLabel('Name').fill('Ann')
        await page.getByLabel('Password').fill('wrong horse battery')
        await page.getByRole('button', { name: 'Sign in' }).click()
        await page.getByText(/do not belong together/).waitFor()
        await page.getByLabel('Password').fill('correct horse battery')
        await page.getByRole('button', { name: 'Sign in' }).click()
        await page.getByRole('heading', { name: 'Machine' }).waitFor()
      },
      undefined,
      /status of 401/,
    )
  })

  test('every page is readable by those who cannot see it or hold a mouse, at any width, in any light', async () => {
    const house = await open()
    await send(house, [
      { type: 'identify', userId: 'sandbox-ann', traits: { email: 'ann@sandbox.invalid', first_name: 'Ann' } },
      { type: 'track', userId: 'sandbox-ann', event: 'Product Added', properties: { product_id: 'fern', name: 'Boston fern', price: 24.5, currency: 'EUR' } },
    ])
    const id = await customerOf(house, 'sandbox-ann')
    await fetch(`${house.server.url}/studio/api/sandbox/${id}/skip`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"ms":2700000}',
    })
    const paths = [
      '',
      `?customer=${id}`,
      'customers',
      `customers/${id}`,
      `customers/${id}?why=win-back`,
      'inbox',
      'inbox/1',
      'live',
      'try',
      `try?customer=${id}`,
      'access',
      'templates',
      'templates/cart-abandoned',
      'delivery',
      'delivery/bounces',
      'delivery/doctor',
      'consent',
      'results',
      'catalogue',
      'codes',
      'audit',
    ]
    const choices = /\/p\/[\w.~-]+/.exec(
      await (await fetch(`${house.server.url}/studio/api/letters/1/source`)).text().then((mime) => mime.replaceAll('=\r\n', '')),
    )![0]
    const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
    for (const [width, colorScheme] of [
      [1440, 'light'],
      [360, 'dark'],
    ] as const)
      await walking(
        async (page) => {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          for (const path of [...paths.map((path) => `/studio/${path}`), '/demo', '/demo/cart', choices]) {
            await page.goto(house.server.url + path)
            await page.getByRole('heading', { level: 1 }).first().waitFor()
            await page.waitForTimeout(400)
            // As a tool outside the page, whose policy would not let it in.
            await page.evaluate(await readText(axe))
            const found = (await page.evaluate(
              "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')))",
            )) as string[]
            expect([path, width, found]).toEqual([path, width, []])
            expect([path, width, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([path, width, 0])
          }
        },
        { width, height: 800 },
      )
  })

  test('the first page needs less than 100 KB of script, and draws the machine within a tenth of a second', async () => {
    const { server } = await open()
    await walking(async (page) => {
      let bytes = 0
      page.on('response', (response) => {
        if (response.request().resourceType() === 'script') void response.body().then((body) => (bytes += gzipSync(body).length))
      })
      await page.goto(`${server.url}/studio`)
      await page.getByRole('heading', { name: 'Cart' }).waitFor()
      await page.waitForLoadState('networkidle').catch(() => {})
      const ms = (await page.evaluate("performance.getEntriesByName('chart')[0]?.duration ?? -1")) as number
      process.stderr.write(`first page: ${(bytes / 1024).toFixed(1)} KB of compressed script; the chart drawn in ${ms.toFixed(0)} ms\n`)
      expect(bytes).toBeGreaterThan(5_000)
      expect(bytes).toBeLessThan(100_000)
      expect(ms).toBeGreaterThan(0)
    })
  })
})

const activeIn = async (instant: ReturnType<Page['locator']>): Promise<string> =>
  (await instant.locator('.active, [aria-current], .on').allTextContents()).join(' ')

async function readText(path: string): Promise<string> {
  const { readFileSync } = await import('node:fs')
  return readFileSync(path, 'utf8')
}
