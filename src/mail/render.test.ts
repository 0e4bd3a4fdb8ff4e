import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { render, type Rendered } from './render.ts'
import { sampleLetter } from './sample.ts'
import { loadTemplates } from './templates.ts'
import { clean } from './text.ts'
import { letterLimits, type LetterData, type Line } from './view.ts'

const templates = loadTemplates('templates')
const names = templates.names()

const letterOf = (name: string, changes: Partial<LetterData> = {}): Rendered => {
  const letter = render(templates, name, sampleLetter(changes))
  if ('missing' in letter) throw new Error(`missing ${letter.missing}`)
  return letter
}

describe.each(names)('%s', (name) => {
  test('is under 60 KB, has a one-line subject, a preheader, an unsubscribe link and the postal address', () => {
    const letter = letterOf(name, { lines: lines(40), order: { id: 'x', lines: lines(40) } })
    expect(Buffer.byteLength(letter.html)).toBeLessThan(60_000)
    expect(letter.subject).toMatch(/^[^\x00-\x1f]{5,150}$/)
    for (const part of [letter.html.replaceAll('&amp;', '&'), letter.text]) {
      expect(part).toContain('https://fernandfable.example/u/Zk3vQ9tLw2')
      expect(part).toContain('Fern & Fable, 12 Orchard Lane, Bristol')
    }
    expect(letter.html).toMatch(/<div style="display:none[^"]*">[A-Z][^<]{20,120}&#847;/)
  })

  test('counts every link, in the text as in the HTML, and leads nowhere else', () => {
    const letter = letterOf(name)
    expect(new Set(letter.links).size).toBe(letter.links.length)
    const counted = letter.links.map((_, i) => `https://fernandfable.example/c/Zk3vQ9tLw2.${i}Zk3vQ9tL`)
    for (const [, href] of letter.html.matchAll(/href="([^"]*)"/g)) {
      expect([
        ...counted,
        'https://fernandfable.example/u/Zk3vQ9tLw2',
        'https://fernandfable.example/p/Zk3vQ9tLw2',
        'https://fernandfable.example/p/Zk3vQ9tLw2/confirm',
        'mailto:hello@fernandfable.example',
      ]).toContain(href)
    }
    for (const url of counted) {
      expect(letter.html).toContain(`"${url}"`)
      expect(letter.text).toMatch(new RegExp(`${url.replaceAll('.', '\\.')}$`, 'm'))
    }
  })

  test('frozen data gives the same bytes after a round through JSON', () => {
    const data = sampleLetter()
    expect(render(templates, name, JSON.parse(JSON.stringify(data)) as LetterData)).toEqual(render(templates, name, data))
    expect(render(loadTemplates('templates'), name, data)).toEqual(render(templates, name, data))
  })

  test('greets without a name, and thanks without one', () => {
    const { html, text } = letterOf(name, { customer: { email: 'ann@example.com' } })
    for (const part of [html, text]) expect(part).toMatch(/Hi there,|Thank you\b(?!,)/)
  })

  test('needs the shop’s name and postal address and a way out', () => {
    const { shop, links } = sampleLetter()
    expect(render(templates, name, sampleLetter({ shop: { ...shop, name: ' ' } }))).toEqual({ missing: 'shop.name' })
    expect(render(templates, name, sampleLetter({ shop: { ...shop, address: '' } }))).toEqual({ missing: 'shop.address' })
    expect(render(templates, name, sampleLetter({ links: { ...links, unsubscribe: '' } }))).toEqual({ missing: 'links.unsubscribe' })
  })

  test('holds against hostile, broken and missing data: nothing unescaped, nothing undefined, no script link, one-line subject', () => {
    fc.assert(
      fc.property(hostileData, (data) => {
        const letter = render(templates, name, data)
        // What is frozen is JSON, and it has to give the same letter (R2).
        expect(render(templates, name, JSON.parse(JSON.stringify(data)) as LetterData)).toEqual(letter)
        if ('missing' in letter) return
        expectSound(letter)
      }),
      { numRuns: 250 },
    )
  })
})

describe('what a letter lacks is named', () => {
  test.each<[string, Partial<LetterData>, string]>([
    ['cart-abandoned', { lines: [] }, 'lines'],
    ['cart-discount', { code: { code: '', percent: 10, expiresAt: 0 } }, 'code.code'],
    ['cart-discount', { code: { code: 'A', percent: 0, expiresAt: 0 } }, 'code.percent'],
    ['browse-reminder', { product: undefined } as unknown as Partial<LetterData>, 'product'],
    ['order-thanks', { order: undefined } as unknown as Partial<LetterData>, 'order'],
  ])('%s', (name, changes, missing) => {
    expect(render(templates, name, sampleLetter(changes))).toEqual({ missing })
  })

  test('order-thanks goes out even when the order names no products', () => {
    const bare = letterOf('order-thanks', { order: { lines: [] } })
    expect(bare.text).toContain('We are glad you chose us.')
    expect(bare.text).not.toContain('This is what you ordered')
  })

  test('win-back goes out with recommended products and without', () => {
    expect(letterOf('win-back').text).toContain('Oak stool: £95.00')
    const bare = letterOf('win-back', { recommended: [] })
    expect(bare.text).toContain('only a short hello')
    expect(bare.html).not.toContain('<img class')
  })
})

describe('a product', () => {
  const titled = (line: Partial<Line>) =>
    /^A second look at (.*)$/.exec(letterOf('browse-reminder', { product: { id: '1004856', quantity: 1, ...line } }).subject)?.[1]

  test.each<[string, Partial<Line>, string]>([
    ['by its name', { name: 'Halden lamp', brand: 'norrsken' }, 'Halden lamp'],
    ['by brand and kind', { brand: 'lenovo', category: 'computers.notebook' }, 'Lenovo notebook'],
    ['by its kind', { category: 'furniture.living_room.coffee_table' }, 'Coffee table'],
    ['by brand and number', { brand: 'shiseido' }, 'Shiseido item 1004856'],
    ['by its number', {}, 'Item 1004856'],
    ['by its number where the category is one', { category: '2103807459595387724' }, 'Item 1004856'],
    ['by its kind where the name is another program’s mistake', { name: 'undefined', category: 'lamp' }, 'Lamp'],
    ['somehow, even without a number', { id: '' }, 'An item'],
  ])('is called %s', (_, line, title) => expect(titled(line)).toBe(title))

  test('without a picture gets a tile, and no broken image', () => {
    for (const image of [undefined, '', 'data:image/png;base64,AAAA', 'javascript:alert(1)', '/relative.png']) {
      const { html } = letterOf('browse-reminder', {
        product: { id: '1', name: 'Lamp', quantity: 1, ...(image === undefined ? {} : { image }) },
        recommended: [],
        openPixel: '',
      })
      expect(html).not.toContain('<img')
    }
  })

  test('prices follow the customer’s habits, and a total is shown only where it is true', () => {
    const line = { id: '1', name: 'Lamp', price: 1234.5, quantity: 2 }
    expect(letterOf('cart-abandoned', { lines: [line], locale: 'de-DE', currency: 'EUR' }).text).toMatch(/Summe: 2\.469,00\s€/)
    expect(letterOf('cart-abandoned', { lines: [line], locale: 'en_US', currency: 'USD' }).text).toContain('Total: $2,469.00')
    expect(letterOf('cart-abandoned', { lines: [line], locale: 'rubbish!', currency: '??' }).text).toContain('Total: 2,469.00')
    expect(letterOf('cart-abandoned', { lines: [line, { id: '2', name: 'Cup', quantity: 1 }] }).text).not.toContain('Total')
    expect(letterOf('cart-abandoned', { lines: [line, { ...line, currency: 'USD' }] }).text).not.toContain('Total')
  })

  test('more lines than fit are counted', () => {
    const { html, text, subject } = letterOf('cart-abandoned', { lines: lines(40) })
    expect(subject).toBe('Thing 0 and 39 more are still in your cart')
    for (const part of [html, text]) expect(part).toContain('and 34 more')
  })
})

describe('text from outside', () => {
  test('is one clean line of bounded length', () => {
    expect(clean('  a\r\nb\u202ec\u0000d\u200f ', 50)).toBe('a bc d')
    expect(clean('x'.repeat(30_000), 20)).toBe(`${'x'.repeat(19)}…`)
    expect(clean(`${'x'.repeat(18)}🪔🪔`, 20)).toBe(`${'x'.repeat(18)}…`)
    expect(clean('null', 20)).toBe('')
    expect(clean(7, 20)).toBe('')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 2, max: 30 }), (text, max) => {
        const once = clean(text, max)
        expect(once.length).toBeLessThanOrEqual(max)
        expect(once.isWellFormed()).toBe(true)
        expect(clean(once, max)).toBe(once)
      }),
    )
  })

  test('a link that may not be followed leads to the shop, and one made to be misread is dropped', () => {
    for (const url of [
      'javascript:alert(1)',
      ' https://x.example',
      'data:text/html,x',
      'https://fern.example@evil.example/',
      'vbscript:x',
      '//x.example',
      'https://',
      `https://x.example/${'a'.repeat(3_000)}`,
    ]) {
      expect(letterOf('browse-reminder', { product: { id: '1', name: 'Lamp', quantity: 1, url }, recommended: [] }).links).toEqual([
        'https://fernandfable.example/',
      ])
    }
  })

  test('without a click counter links are direct', () => {
    const { click: _, ...links } = sampleLetter().links
    expect(letterOf('browse-reminder', { links }).html).toContain('href="https://fernandfable.example/products/1004856"')
  })

  test('dates stay in the letter’s language', () => {
    expect(letterOf('cart-discount', { locale: 'sv-SE' }).text).toMatch(/until Friday,? (November 27|27 November)/)
    expect(letterOf('cart-discount', { locale: 'de-AT', timeZone: 'Europe/Vienna' }).text).toMatch(/bis Freitag, 27\. November/)
    expect(letterOf('cart-discount', { timeZone: 'Nowhere/None' }).text).toContain('18:00 UTC')
    expect(letterOf('cart-discount', { code: { code: 'A', percent: 5, expiresAt: Number.NaN } }).text).toContain('Good for one order. Enter')
  })
})

function lines(n: number): Line[] {
  return Array.from({ length: n }, (_, i) => ({
    id: String(i),
    name: `Thing ${i}`,
    price: 10,
    quantity: 1,
    url: `https://fernandfable.example/${i}`,
    image: 'https://fernandfable.example/i.jpg',
  }))
}

const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onload='x",
    '</td></tr></table>',
    '<%= process.exit() %>',
    '\u202egnp.exe\u2066',
    'line\r\nBcc: x@example.com',
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'https://x.example/"><script>',
    "https://x.example/?a='b&c=<d>",
    'data:text/html,<script>',
    'x'.repeat(30_000),
    '🪔'.repeat(5_000),
    'e\u0301\u0302\u0303'.repeat(2_000),
    '\ud800',
    '--- text ---',
    '<!--',
    'undefined',
    'null',
    'NaN',
    undefined,
    null,
    Number.NaN,
    Infinity,
    -1,
    1e308,
    {},
    [],
    true,
  ),
  fc.string({ unit: 'binary' }),
)

const soft = <T>(usual: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 3, arbitrary: usual as fc.Arbitrary<unknown> }, { weight: 2, arbitrary: nasty })

const hostileLine = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record(
      {
        id: soft(fc.string()),
        name: nasty,
        brand: nasty,
        category: nasty,
        variant: nasty,
        price: soft(fc.double()),
        quantity: soft(fc.integer()),
        url: nasty,
        image: nasty,
        currency: soft(fc.constantFrom('EUR', 'USD')),
        stock: soft(fc.integer({ min: -1, max: 4 })),
      },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, undefined, 7, 'line') },
)
const hostileLines = fc.oneof({ weight: 9, arbitrary: fc.array(hostileLine, { maxLength: 8 }) as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: nasty })

const hostileData = fc.record(
  {
    shop: fc.record({ name: soft(fc.constant('Fern')), url: nasty, address: soft(fc.constant('12 Orchard Lane')), logo: nasty, supportEmail: nasty }),
    customer: fc.record({ firstName: nasty, name: nasty, email: nasty }, { requiredKeys: [] }),
    locale: soft(fc.constantFrom('en', 'sv-SE', 'ar-EG')),
    currency: soft(fc.constantFrom('EUR', 'JPY')),
    timeZone: soft(fc.constantFrom('Europe/Stockholm')),
    lines: hostileLines,
    product: hostileLine,
    order: fc.record({ id: nasty, total: nasty, currency: nasty, lines: hostileLines }, { requiredKeys: ['lines'] }),
    code: fc.record({ code: soft(fc.constant('FERN')), percent: soft(fc.integer({ min: 1, max: 99 })), expiresAt: soft(fc.integer()) }),
    recommended: hostileLines,
    links: fc.record({
      unsubscribe: fc.constant('https://fernandfable.example/u/1'),
      preferences: nasty,
      cart: nasty,
      shop: nasty,
      click: fc.constant('https://fernandfable.example/c/1.'),
    }),
    openPixel: nasty,
    at: fc.integer(),
  },
  { requiredKeys: ['shop', 'links', 'at', 'locale', 'currency'] },
) as fc.Arbitrary<unknown> as fc.Arbitrary<LetterData>

/** The elements of a letter as it should be: whatever else appears came from the data. */
const elements = new Set('html head meta title style body div table tbody tr td a img h1 p span i strong br'.split(' '))

function expectSound({ subject, html, text }: Rendered): void {
  expect(subject).toMatch(/^[^\x00-\x1f\x7f\u2028\u2029]+$/)
  expect(subject.length).toBeLessThanOrEqual(letterLimits.subjectCharsMax)
  expect(Buffer.byteLength(html)).toBeLessThan(60_000)
  const markup = html.replaceAll(/<!--\[if mso\]>[^]*?<!\[endif\]-->/g, '')
  for (const [, name] of markup.matchAll(/<\/?([a-zA-Z!][\w-]*)/g)) if (name !== '!DOCTYPE') expect(elements).toContain(name)
  expect(markup.replaceAll(/="[^"]*"/g, '')).not.toMatch(/<[^<>]*\son\w+/)
  expect(markup.replaceAll(/<[a-z/!][^<>]*>/gi, '')).not.toMatch(/<(?!\/?style)/)
  for (const [, url] of markup.matchAll(/(?:href|src)="([^"]*)"/g)) expect(url).toMatch(/^(?:https?:\/\/|mailto:|#$)/)
  for (const part of [subject, html, text]) {
    expect(part).not.toMatch(/undefined|\[object|\bNaN\b|\bnull\b|tag-\d+-/)
    expect(part).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
  }
}
