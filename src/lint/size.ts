/** Whether a letter is short enough to be shown whole. */
import type { Check, Reading } from './reading.ts'

/** Gmail shows this much of the HTML and hides the rest behind a link. */
const clippedBytes = 102 * 1024
const nearBytes = 90 * 1024

const kb = (bytes: number) => `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KB`

export function checkSize({ html, sizeBytes }: Reading): Check {
  const bytes = new TextEncoder().encode(html).length
  const whole = `The HTML has ${kb(bytes)}, the whole message ${kb(sizeBytes)}.`
  const check = { id: 'size', title: 'Size', items: [] }
  if (bytes > clippedBytes)
    return {
      ...check,
      result: 'bad',
      words: `${whole} Gmail cuts letters off after 102 KB, and with the end goes the unsubscribe link: show fewer products, or shorten their names.`,
    }
  if (bytes > nearBytes)
    return { ...check, result: 'warn', words: `${whole} Gmail cuts letters off after 102 KB; a longer cart could reach that. Show fewer products.` }
  return { ...check, result: 'good', words: `${whole} Gmail shows letters of up to 102 KB whole.` }
}
