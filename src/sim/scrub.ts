/** Drags through a whole life on its page, as a hand would, and counts the pictures that were drawn on the way. */
import type { Page } from 'playwright-core'

/** The page shows a customer. Waits until it can be dragged; the drag takes two seconds or so. */
export async function scrub(page: Page): Promise<{ framesPerSecond: number; turns: number }> {
  const slider = page.getByRole('slider', { name: 'Instant of this life' })
  await slider.waitFor()
  const turns = Number(await slider.getAttribute('aria-valuemax')) - 1
  const track = (await page.locator('.scrubber .track').boundingBox())!
  const y = track.y + track.height / 2
  await page.mouse.move(track.x + track.width - 2, y)
  await page.mouse.down()
  const before = (await page.evaluate("performance.getEntriesByName('scrub').length")) as number
  const begun = performance.now()
  const steps = 120
  for (let step = 0; step < steps; step++) {
    const share = Math.abs(1 - (2 * step) / steps)
    await page.mouse.move(track.x + 2 + share * (track.width - 4), y)
  }
  const seconds = (performance.now() - begun) / 1_000
  const drawn = ((await page.evaluate("performance.getEntriesByName('scrub').length")) as number) - before
  await page.mouse.up()
  return { framesPerSecond: drawn / seconds, turns }
}
