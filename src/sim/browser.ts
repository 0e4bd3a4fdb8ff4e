/** For tests: a real server, and pages that remember what they complained of. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { readConfig } from '../cli/config.ts'
import { startServer } from '../serve.ts'
import type { Server, ServerConfig } from '../serve.ts'

export type House = { server: Server; dataDir: string; secretKey: string; publicKey: string; stop(): Promise<void> }

/** A whole server on a free port and a directory of its own. */
export async function openHouse(more: Partial<ServerConfig> = {}, dataDir = mkdtempSync(join(tmpdir(), 'beckon-'))): Promise<House> {
  const config = readConfig({ port: 0, host: '127.0.0.1', data: dataDir, settings: '' })
  const server = await startServer({ ...config, log: 'silent', ...more }, (error) => {
    throw error
  })
  const keyOf = (kind: string) => server.keys.find((key) => key.kind === kind)!.token
  return { server, dataDir, secretKey: keyOf('secret'), publicKey: keyOf('public'), stop: () => server.stop() }
}

/** Sends events with the secret key; all must be taken. */
export async function send({ server, secretKey }: House, batch: object[]): Promise<void> {
  const answer = await fetch(`${server.url}/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ batch }),
  })
  if (!answer.ok) throw new Error(await answer.text())
}

/** A page that remembers all it complained of: faults, failed requests, breaches of its policy. */
export async function openPage(browser: Browser, size = { width: 1440, height: 900 }): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: size, colorScheme: 'light', locale: 'en-GB', timezoneId: 'UTC' })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`fault: ${error.message}`))
  page.on('console', (message) => message.type() === 'error' && complaints.push(`console: ${message.text()}`))
  await page.addInitScript("addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))")
  return { page, complaints }
}
