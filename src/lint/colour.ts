/** Colours of CSS as numbers, and how well one can be read on another. */

/** Red, green and blue from 0 to 255, and how much covers what is behind, 0 to 1. */
export type Colour = readonly [red: number, green: number, blue: number, alpha: number]

export const white: Colour = [255, 255, 255, 1]
export const black: Colour = [0, 0, 0, 1]

/** The names that are met in letters. */
const names: Record<string, string> = {
  black: '000', silver: 'c0c0c0', gray: '808080', grey: '808080', white: 'fff', maroon: '800000', red: 'f00', purple: '800080', fuchsia: 'f0f', magenta: 'f0f', green: '008000',
  lime: '0f0', olive: '808000', yellow: 'ff0', navy: '000080', blue: '00f', teal: '008080', aqua: '0ff', cyan: '0ff', orange: 'ffa500', pink: 'ffc0cb', brown: 'a52a2a', gold: 'ffd700',
  beige: 'f5f5dc', ivory: 'fffff0', lightgray: 'd3d3d3', lightgrey: 'd3d3d3', darkgray: 'a9a9a9', darkgrey: 'a9a9a9', dimgray: '696969', dimgrey: '696969', whitesmoke: 'f5f5f5',
  gainsboro: 'dcdcdc', tomato: 'ff6347', coral: 'ff7f50', crimson: 'dc143c', indigo: '4b0082', darkblue: '00008b', darkgreen: '006400', darkred: '8b0000', steelblue: '4682b4',
} // prettier-ignore

/** null: not a colour that can be known without its surroundings. */
export function readColour(text: string): Colour | null {
  const value = text.trim().toLowerCase()
  if (value === 'transparent') return [0, 0, 0, 0]
  const hex = /^#?([\da-f]{3,8})$/.exec(names[value] ?? value)?.[1]
  if (hex !== undefined && [3, 4, 6, 8].includes(hex.length) && (value.startsWith('#') || value in names || hex.length === 6)) {
    const wide = hex.length <= 4 ? [...hex].map((digit) => digit + digit).join('') : hex
    const part = (at: number) => Number.parseInt(wide.slice(at, at + 2), 16)
    return [part(0), part(2), part(4), wide.length === 8 ? part(6) / 255 : 1]
  }
  const parts = /^rgba?\(([^()]+)\)$/
    .exec(value)?.[1]
    ?.split(/[\s,/]+/)
    .filter((part) => part !== '')
  if (parts === undefined || parts.length < 3) return null
  const [red, green, blue, alpha] = parts.map((part, index) =>
    part.endsWith('%') ? (Number.parseFloat(part) / 100) * (index < 3 ? 255 : 1) : Number.parseFloat(part),
  )
  const colour: Colour = [red!, green!, blue!, alpha ?? 1]
  return colour.every(Number.isFinite) ? colour : null
}

/** `over` laid on `under`. */
export function blend(over: Colour, under: Colour): Colour {
  const alpha = Math.min(1, Math.max(0, over[3]))
  const mix = (index: 0 | 1 | 2) => over[index] * alpha + under[index] * (1 - alpha)
  return [mix(0), mix(1), mix(2), 1]
}

/** As WCAG 2 defines it: 1 (the same) to 21 (black on white). */
export function contrastOf(a: Colour, b: Colour): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((one, other) => one - other) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

function luminance([red, green, blue]: Colour): number {
  const linear = (part: number) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4)
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

export const hexOf = ([red, green, blue]: Colour): string => `#${[red, green, blue].map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`
