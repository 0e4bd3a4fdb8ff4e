/** What a letter uses of HTML and CSS, by the names that caniemail.com gives features. */
import type { Declaration, Rule } from './css.ts'
import { attribute, styleOf } from './reading.ts'
import type { Element, Reading } from './reading.ts'

/**
 * How often a feature is used. `bare`: so many of them where its loss shows at once, in elements and plain styles; the
 * rest stands in media queries or overrides a style that is there anyway. `values`: properties with their values, or the
 * elements, such as `overflow:hidden` and `<td>`.
 */
export type Use = { times: number; bare: number; values: Set<string> }

/** Every feature that a letter uses, by its name. */
export function featuresOf(letter: Reading): Map<string, Use> {
  const uses = new Map<string, Use>()
  const add = (slug: string, isBare: boolean, value?: string) => {
    const use = uses.get(slug) ?? { times: 0, bare: 0, values: new Set() }
    uses.set(slug, use)
    use.times++
    if (isBare) use.bare++
    if (value !== undefined) use.values.add(value)
  }
  const addDeclaration = (declaration: Declaration, isBare: boolean) => {
    for (const slug of declarationSlugs(declaration)) add(slug, isBare, `${declaration.name}:${declaration.value}`)
  }
  if (/^\s*<!doctype html/i.test(letter.html)) add('html-doctype', true)
  if (letter.hasComments) add('html-comments', true)
  for (const element of letter.elements) {
    for (const slug of elementSlugs(element)) add(slug, true, `<${element.name}>`)
    for (const declaration of styleOf(element)) addDeclaration(declaration, true)
  }
  for (const { rules, atRules, hasComments } of letter.sheets) {
    // A style element of overrides alone is one that the letter can do without.
    add('html-style', rules.some(isPlain))
    if (hasComments) add('css-comments', false)
    for (const rule of atRules) for (const slug of atRuleSlugs(rule)) add(slug, false)
    for (const rule of rules) {
      const isBare = isPlain(rule)
      for (const selector of rule.selectors) for (const slug of selectorSlugs(selector)) add(slug, isBare)
      if (rule.selectors.length > 1) add('css-selector-grouping', isBare)
      for (const declaration of rule.declarations) addDeclaration(declaration, isBare)
    }
  }
  return uses
}

/** Whether the letter looks different at once without this rule: it is in no at-rule and says more than overrides. */
const isPlain = ({ around, selectors, declarations }: Rule): boolean =>
  around.length === 0 &&
  declarations.some(({ important, name }) => !important && !/color-scheme/.test(name)) &&
  !selectors.every((selector) => /\[data-og|:hover|:focus|:active|\[class[~*^]?=|^u \+|#MessageViewBody|\.ExternalClass/.test(selector))

const lists = new Set(['ul', 'ol', 'dl'])
const semantics = new Set(['article', 'aside', 'details', 'figcaption', 'figure', 'footer', 'header', 'main', 'mark', 'nav', 'section', 'summary', 'time'])
const renamed: Record<string, string> = { b: 'html-strong', s: 'html-strike', source: 'html-picture', map: 'html-image-maps' }
const attributeSlugs =
  'align aria-describedby aria-hidden aria-label aria-labelledby aria-live background cellpadding cellspacing dir height hidden lang required role srcset target valign width'.split(
    ' ',
  )

function* elementSlugs(element: Element): Generator<string> {
  const { name } = element
  if (/^h[1-6]$/.test(name)) yield 'html-h1-h6'
  else if (lists.has(name)) yield 'html-lists'
  else if (semantics.has(name)) yield 'html-semantics'
  else if (name === 'input' || name === 'button') yield `html-${name}-${attribute(element, 'type') ?? (name === 'input' ? 'text' : 'submit')}`
  else if (name === 'meta') {
    if (attribute(element, 'name') === 'color-scheme') yield 'html-meta-color-scheme'
  } else if (name !== 'style') yield renamed[name] ?? `html-${name}`
  for (const given of attributeSlugs) if (given in element.attribs && !(name === 'html' && given === 'dir')) yield `html-${given}`
  if ('loading' in element.attribs) yield 'html-loading-attribute'
  if (name === 'a') {
    const href = attribute(element, 'href') ?? ''
    if (/^mailto:/i.test(href)) yield 'html-mailto-links'
    if (/^#./.test(href)) yield 'html-anchor-links'
  }
  if (name === 'img') yield* pictureSlugs(attribute(element, 'src') ?? '')
}

const formats: Record<string, string> = { jpeg: 'jpg', 'svg+xml': 'svg', heic: 'heif', tif: 'tiff' }

function* pictureSlugs(src: string): Generator<string> {
  const data = /^data:image\/([\w+-]+)/i.exec(src)
  if (data !== null) yield 'image-base64'
  const format = (data?.[1] ?? /\.(\w{2,5})(?:[?#]|$)/.exec(src)?.[1])?.toLowerCase()
  if (format !== undefined) yield `image-${formats[format] ?? format}`
}

function* atRuleSlugs(rule: string): Generator<string> {
  const name = /^@(?:-\w+-)?([\w-]+)/.exec(rule)?.[1]?.toLowerCase()
  if (name === undefined) return
  yield `css-at-${name}`
  if (name !== 'media') return
  const features: [RegExp, string][] = [
    [/prefers-color-scheme/i, 'prefers-color-scheme'],
    [/prefers-reduced-motion/i, 'prefers-reduced-motion'],
    [/orientation/i, 'orientation'],
    [/device-pixel-ratio/i, 'device-pixel-ratio'],
    [/\b(any-)?hover\b/i, 'hover'],
  ]
  for (const [pattern, slug] of features) if (pattern.test(rule)) yield `css-at-media-${slug}`
}

function* selectorSlugs(selector: string): Generator<string> {
  const bare = selector.replaceAll(/\[[^\]]*\]|\([^)]*\)/g, ' ').trim()
  if (selector.includes('[')) yield 'css-selector-attribute'
  if (/\.[\w-]/.test(bare)) yield 'css-selector-class'
  if (/#[\w-]/.test(bare)) yield 'css-selector-id'
  if (/(^|[\s>+~])[a-z]/i.test(bare)) yield 'css-selector-type'
  if (bare.includes('*')) yield 'css-selector-universal'
  if (/[\w-]\.[\w-]/.test(bare)) yield 'css-selector-chaining'
  if (bare.includes('>')) yield 'css-selector-child'
  if (bare.includes('+')) yield 'css-selector-adjacent-sibling'
  if (bare.includes('~')) yield 'css-selector-general-sibling'
  if (/[\w\])]\s+[\w.#[*]/.test(selector)) yield 'css-selector-descendant'
  for (const [, colons, name] of selector.matchAll(/(::?)([a-z-]+)/gi)) {
    const isElement = colons === '::' || /^(before|after|first-letter|first-line)$/.test(name!)
    yield `css-pseudo-${isElement ? 'element' : 'class'}-${name!.toLowerCase()}`
  }
}

/** Properties that are told of under another's name. */
const families: [RegExp, string][] = [
  [/^(grid-)?((column|row)-)?gap$/, 'gap'],
  [/^(left|right|top|bottom)$/, 'left-right-top-bottom'],
  [/^border(-(top|right|bottom|left))?(-(color|style|width))?$/, 'border'],
  [/^border-(top|bottom)-(left|right)-radius$/, 'border-radius'],
  [/^border-(start|end)-(start|end)-radius$/, 'border-radius-logical'],
  [/^border-(inline|block)$/, 'border-inline-block'],
  [/^border-(inline|block)-(start|end)-(color|style|width)$/, 'border-inline-block-individual'],
  [/^border-(inline|block)-/, 'border-inline-block-longhand'],
  [/^border-image-/, 'border-image'],
  [/^(margin|padding)-(top|right|bottom|left)$/, '$1'],
  [/^(margin|padding)-(inline|block)$/, '$1-inline-block'],
  [/^(margin|padding)-(inline|block)-(?:start|end)$/, '$1-$2-start-end'],
  [/^(?:overflow)-[xy]$/, 'overflow'],
  [/^(?:columns|column-(?:rule.*|span|width|fill))$/, 'column-layout-properties'],
  [/^grid-template(?:-.*)?$/, 'grid-template'],
  [/^scroll-(?:snap|margin|padding).*/, 'scroll-snap'],
  [/^(transition|animation|mask-image|text-emphasis)-(?!position).+/, '$1'],
  [/^block-size$/, 'block-inline-size'],
]

/** Ways to write a value: the feature, where it stands (any property unless named), and how it looks. */
const values: [slug: string, property: RegExp | null, value: RegExp][] = [
  ['css-display-flex', /^display$/, /\b(inline-)?flex\b/],
  ['css-display-grid', /^display$/, /\b(inline-)?grid\b/],
  ['css-display-none', /^display$/, /^none$/],
  ['css-flex-direction', /^flex-(direction|flow)$/, /column/],
  ['css-flex-wrap', /^flex-(wrap|flow)$/, /\bwrap/],
  ['css-variables', null, /\bvar\(/],
  ['css-unit-calc', null, /\bcalc\(/],
  ['css-function-clamp', null, /\bclamp\(/],
  ['css-function-min', null, /\bmin\(/],
  ['css-function-max', null, /\bmax\(/],
  ['css-function-light-dark', null, /\blight-dark\(/],
  ['css-linear-gradient', null, /linear-gradient\(/],
  ['css-radial-gradient', null, /radial-gradient\(/],
  ['css-conic-gradient', null, /conic-gradient\(/],
  ['css-rgb', null, /\brgb\(/],
  ['css-rgba', null, /\brgba\(/],
  ['css-modern-color', null, /\b(ok)?l(ch|ab)\(/],
  ['css-intrinsic-size', /width|height|size/, /\b(fit|min|max)-content\b/],
  ['css-unit-initial', null, /^initial$/],
  ['css-sytem-ui', /^font/, /\b(system-ui|ui-(serif|sans-serif|rounded|monospace))\b/],
  ...['ch', 'cm', 'em', 'ex', 'in', 'mm', 'pc', 'pt', 'px', 'rem', 'vh', 'vmax', 'vmin', 'vw'].map((unit): [string, null, RegExp] => [
    `css-unit-${unit}`,
    null,
    new RegExp(`(?:^|[\\s,(+*/-])[+-]?\\d*\\.?\\d+${unit}(?![\\w%])`),
  ]),
  ['css-unit-percent', null, /\d%/],
]

function* declarationSlugs({ name, value, important }: Declaration): Generator<string> {
  if (important) yield 'css-important'
  if (name.startsWith('--')) return yield 'css-variables'
  if (name.startsWith('mso-')) return
  const plain = name.replace(/^-(webkit|moz|ms|o)-/, '')
  const family = families.find(([pattern]) => pattern.test(plain))
  // A vendor's own property is of no concern to the others.
  if (plain === name || plain in lasting) yield `css-${family === undefined ? plain : plain.replace(...family)}`
  // Addresses and names in quotes are no values.
  const words = value.toLowerCase().replaceAll(/url\([^)]*\)|"[^"]*"|'[^']*'/g, ' ')
  for (const [slug, property, pattern] of values) if ((property === null || property.test(plain)) && pattern.test(words.trim())) yield slug
}

const lasting = { animation: 1, transform: 1, transition: 1, hyphens: 1, 'user-select': 1, filter: 1, 'mask-image': 1 }
