/** Drags through a whole life on its page, as fast as a hand moves, and counts the pictures that were drawn on the way. */
import type { Page } from 'playwright-core'

/** Runs in the page: a move for every picture the browser is ready for, from the end of the track to its beginning and back. */
const drag = `new Promise((done) => {
  const track = document.querySelector('.scrubber .track')
  const { left, top, width, height } = track.getBoundingClientRect()
  const drawn = () => performance.getEntriesByName('scrub').length
  const before = drawn()
  const begun = performance.now()
  const move = () => {
    const share = Math.abs(1 - (performance.now() - begun) / 1000)
    if (performance.now() - begun >= 2000) return done({ drawn: drawn() - before, seconds: (performance.now() - begun) / 1000 })
    track.dispatchEvent(new PointerEvent('pointermove', { pointerId: 1, bubbles: true, buttons: 1, isPrimary: true, clientX: left + 2 + share * (width - 4), clientY: top + height / 2 }))
    requestAnimationFrame(move)
  }
  requestAnimationFrame(move)
})`

/** The page shows a customer. Waits until it can be dragged; the drag takes two seconds. */
export async function scrub(page: Page): Promise<{ framesPerSecond: number; turns: number }> {
  const slider = page.getByRole('slider', { name: 'Instant of this life' })
  await slider.waitFor()
  const turns = Number(await slider.getAttribute('aria-valuemax')) - 1
  const track = (await page.locator('.scrubber .track').boundingBox())!
  await page.mouse.move(track.x + track.width - 2, track.y + track.height / 2)
  await page.mouse.down()
  const { drawn, seconds } = (await page.evaluate(drag)) as { drawn: number; seconds: number }
  await page.mouse.up()
  return { framesPerSecond: drawn / seconds, turns }
}
