/** What a letter shows, whatever its data: blocks that fall back, languages, and nothing broken. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseDocument } from 'htmlparser2'
import { findAll, getAttributeValue, textContent } from 'domutils'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { worriesOf } from '../lint/worries.ts'
import { render, type Rendered } from './render.ts'
import { sampleLetter } from './sample.ts'
import { loadTemplates } from './templates.ts'
import type { LetterData } from './view.ts'

const templates = loadTemplates('templates')
const languages = ['en', 'de'] as const
const every = templates.names().flatMap((name) => templates.get(name).languages.map((language) => [name, language] as const))
const dirs: string[] = []
afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true })))

function shop(files: Record<string, string>): ReturnType<typeof loadTemplates> {
  const dir = mkdtempSync(join(tmpdir(), 'content-'))
  dirs.push(dir)
  const layout = '---\nlanguage: en\n---\n<html lang="<%= it.language %>"><head></head><body><%~ it.body %></body></html>\n'
  for (const [file, text] of Object.entries({ 'layout.eta': layout, ...files })) {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  return loadTemplates(dir)
}

const front = (html: string, more = '') => `---\nsubject: x\n${more}---\n${html}\n`
const made = (files: Record<string, string>, changes: Partial<LetterData> = {}): Rendered => {
  const letter = render(shop(files), 'a', sampleLetter(changes))
  if ('missing' in letter) throw new Error(`missing ${letter.missing}`)
  return letter
}
const said = (letter: Rendered) =>
  textContent(parseDocument(letter.html.replaceAll('><', '> <')))
    .replaceAll(/\s+/g, ' ')
    .trim()

describe('a block', () => {
  const a = front("<p>before</p><%~ include('./partials/b', { item: it.product }) %><p>after</p>")
  const block = (body: string, requires = '') => `---\n${requires}\n---\n${body}\n--- text ---\nT\n--- fallback ---\n<p>else</p>\n--- fallback text ---\nE\n`

  test('shows its fallback when what it requires is missing, and the letter goes on', () => {
    const files = { 'a.eta': a, 'partials/b.eta': block('<p><%= part.item.image %></p>', 'requires: part.item.image') }
    const whole = made(files)
    expect([said(whole), whole.fellBack]).toEqual(['before https://fernandfable.example/images/1004856.jpg after', []])
    const bare = made(files, { product: { id: '1', quantity: 1, image: 'javascript:alert(1)' } })
    expect(said(bare)).toBe('before else after')
    expect(bare.fellBack).toEqual([{ block: 'b', lacks: 'part.item.image' }])
  })

  test('takes back all it wrote, its links too, when something inside is absent', () => {
    const letter = made({
      'a.eta': a,
      'partials/b.eta': block('<p>half</p><a href="<%= it.link(part.item.url) %>">x</a><p><%= it.data.customer.nickname %></p>'),
    })
    expect(said(letter)).toBe('before else after')
    expect(letter.links).toEqual([])
    expect(letter.fellBack).toEqual([{ block: 'b', lacks: 'data.customer.nickname' }])
  })

  test('without a fallback shows nothing, and its text too falls back', () => {
    expect(said(made({ 'a.eta': a, 'partials/b.eta': '---\nrequires: part.nothing\n---\n<p>never</p>' }))).toBe('before after')
    const text = front('x').replace(/x\n$/, "<p>x</p>\n--- text ---\n<%~ include('./partials/b') %>\n")
    expect(made({ 'a.eta': text, 'partials/b.eta': block('<p>x</p>', 'requires: order.gift') }).text).toBe('E\n')
  })

  test('an argument that cannot be read is an absence too', () => {
    const letter = made({ 'a.eta': front("<%~ include('./partials/b', { item: it.order.gift.card }) %><p>on</p>"), 'partials/b.eta': block('<p>b</p>') })
    expect(said(letter)).toBe('else on')
  })

  test('inside a block only the inner one falls, unless its fallback falls too', () => {
    const inner = '---\nrequires: part.none\n---\n<i>i</i>\n--- fallback ---\n<i><%= it.data.shop.motto %></i>\n'
    const files = { 'a.eta': a, 'partials/inner.eta': inner, 'partials/b.eta': block("<p>outer <%~ include('./partials/inner') %></p>") }
    expect(said(made(files))).toBe('before else after')
    const shopped = { ...sampleLetter().shop, motto: 'slowly' }
    expect(said(made(files, { shop: shopped }))).toBe('before outer slowly after')
  })

  test('a fault is no absence: it names file and line', () => {
    expect(() => made({ 'a.eta': a, 'partials/b.eta': block('<p>\n<%= "x".repeat(-1) %></p>', 'requires: shop') })).toThrow(
      /^partials\/b\.eta:5: Invalid count/,
    )
  })

  test('what is absent outside every block still costs the letter', () => {
    const files = { 'a.eta': front("<%~ include('./partials/b') %><p><%= it.data.nothing %></p>"), 'partials/b.eta': block('<p>b</p>') }
    expect(render(shop(files), 'a', sampleLetter())).toEqual({ missing: 'data.nothing' })
  })

  test('a letter has no fallback, and no part comes twice', () => {
    expect(() => shop({ 'a.eta': `${front('x')}--- fallback ---\ny\n` })).toThrow(/^a\.eta:1: A letter has no fallback/)
    expect(() => shop({ 'a.eta': front('x'), 'partials/b.eta': 'x\n--- fallback ---\ny\n--- fallback ---\nz\n' })).toThrow(
      /^partials\/b\.eta:4: There are two parts called fallback/,
    )
    expect(() => shop({ 'a.eta': a, 'partials/b.eta': '---\nrequires: part.[0]\n---\nx' })).toThrow(/no path such as/)
  })
})

describe('words', () => {
  const words = (en: unknown, de: unknown) => ({ 'words/en.json': JSON.stringify(en, null, 1), 'words/de.json': JSON.stringify(de, null, 1) })
  const a = front("<p><%= it.say('hi') %></p><p><%= it.say('n', { count: it.lineCount }) %></p>")
  const files = (de: object) => ({ 'a.eta': a, ...words({ hi: 'Hi <you> & "me"', n: { one: '{count} thing', other: '{count} things' } }, de) })
  const german = { hi: 'Grüß dich', n: { one: 'ein Ding', other: '{count} Dinge' } }

  test('follow the customer’s locale, else the shop’s, else the main language', () => {
    const says = (locale: string, shopLocale = 'en-GB') => {
      const letter = made(files(german), { locale, shop: { ...sampleLetter().shop, locale: shopLocale } })
      return `${letter.language} ${said(letter)}`
    }
    expect(says('de-AT')).toBe('de Grüß dich 3 Dinge')
    expect(says('de_CH')).toBe('de Grüß dich 3 Dinge')
    expect(says('en-US', 'de')).toBe('en Hi <you> & "me" 3 things')
    expect(says('fr', 'de-DE')).toBe('de Grüß dich 3 Dinge')
    expect(says('fr', 'fr')).toBe('en Hi <you> & "me" 3 things')
    expect(says(7 as unknown as string)).toBe('en Hi <you> & "me" 3 things')
  })

  test('have plural forms, and the letter says its language', () => {
    const letter = made(files(german), { locale: 'de', lines: [{ id: '1', quantity: 1 }] })
    expect(said(letter)).toBe('Grüß dich ein Ding')
    expect(letter.html).toContain('<html lang="de">')
    expect(letter.html).toMatch(/^[\x00-\x7f]*$/)
  })

  test('a language that lacks some borrows them, and that is known', () => {
    const loaded = shop(files({ hi: 'Hallo' }))
    expect(loaded.gaps).toEqual([{ language: 'de', file: 'words/de.json', key: 'n' }])
    const letter = render(loaded, 'a', sampleLetter({ locale: 'de' }))
    expect(letter).toMatchObject({ language: 'de', html: expect.stringContaining('3 things') })
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['a key that is nowhere', { 'a.eta': front("<p>x</p>\n<%= it.say('ho') %>"), ...words({ hi: 'x' }, {}) }, /^a\.eta:5: words\/en\.json has no words for ho/],
    ['no list at all', { 'a.eta': front("<%= it.say('ho') %>") }, /^a\.eta:4: There is no list of words/],
    [
      'a key that is made up as it goes',
      { 'a.eta': front("<%= it.say('h' + 'i') %>"), ...words({ hi: 'x' }, {}) },
      /^a\.eta:4: Words are said with their key written out/,
    ],
    ['a placeholder without a value', { 'a.eta': front("<%= it.say('hi') %>"), ...words({ hi: 'x {name}' }, {}) }, /^a\.eta:4: hi speaks of \{name\}/],
    [
      'a placeholder that only one language has',
      { 'a.eta': front("<%= it.say('hi', { name: 'A' }) %>"), ...words({ hi: 'x {name}' }, { ho: '', hi: 'x {nmae}' }) },
      /^words\/de\.json:3: hi speaks of \{nmae\}, and the template gives it name/,
    ],
    ['a list that is no JSON', { 'a.eta': front('x'), 'words/en.json': '{\n"a": "b",\n}' }, /^words\/en\.json:3: This is not JSON/],
    ['words that are none', { 'a.eta': front('x'), 'words/en.json': '{\n"a": { "one": "b" } }' }, /^words\/en\.json:2: a is neither words nor plural forms/],
    ['a list of no language', { 'a.eta': front('x'), 'words/all-of-it!.json': '{}' }, /all-of-it! is none/],
  ])('%s is a broken template with file and line', (_, given, what) => expect(() => shop(given)).toThrow(what))

  test('a missing value among words is named, and costs no more than its block', () => {
    const given = { 'a.eta': front("<%= it.say('hi', { name: it.data.customer.nickname }) %>"), ...words({ hi: 'x {name}' }, {}) }
    expect(render(shop(given), 'a', sampleLetter())).toEqual({ missing: 'data.customer.nickname' })
  })

  test('the hash of the templates changes with a word', () => {
    expect(shop(files(german)).hash).not.toBe(shop(files({ ...german, hi: 'Servus' })).hash)
  })

  test('a template without words, or with a language of its own, stays in one', () => {
    const loaded = shop({ ...files(german), 'plain.eta': front('<p>x</p>'), 'own.eta': front("<%= it.say('hi') %>", 'language: en\n') })
    expect(['a', 'plain', 'own'].map((name) => loaded.get(name).languages)).toEqual([['en', 'de'], ['en'], ['en']])
  })

  test('ours are complete in both languages, say the same things, and speak of the same values', () => {
    expect(templates.gaps).toEqual([])
    const [en, de] = languages.map((language) => JSON.parse(readFileSync(`templates/words/${language}.json`, 'utf8')) as Record<string, object | string>)
    expect(Object.keys(de!)).toEqual(Object.keys(en!))
    const values = (words: unknown) => [...new Set(JSON.stringify(words).match(/\{[a-z]+\}/g) ?? [])].toSorted()
    for (const [key, words] of Object.entries(en!)) if (typeof words === 'string') expect([key, values(de![key])]).toEqual([key, values(words)])
  })

  test('all of ours are said somewhere', () => {
    const dir = mkdtempSync(join(tmpdir(), 'content-'))
    dirs.push(dir)
    cpSync('templates', dir, { recursive: true })
    const said = new Set(
      [
        ...templates.names(),
        'layout',
        ...['button', 'card', 'finds', 'greeting', 'hero', 'hush', 'lines', 'picture', 'questions', 'recommended'].map((name) => `partials/${name}`),
      ].flatMap((name) => [...readFileSync(join(dir, `${name}.eta`), 'utf8').matchAll(/it\.say\('([^']+)'/g)].map((found) => found[1])),
    )
    const keys = Object.keys(JSON.parse(readFileSync('templates/words/en.json', 'utf8')) as object).filter((key) => !key.startsWith('product.'))
    expect(keys.filter((key) => !said.has(key))).toEqual([])
  })
})

describe.each(every)('%s in %s', (name, language) => {
  const locale = language === 'de' ? 'de-DE' : 'en-GB'
  const letterOf = (changes: Partial<LetterData> = {}) => render(templates, name, sampleLetter({ locale, ...changes })) as Rendered

  test('worries no reader of Gmail, Apple Mail or Outlook, with everything and with the least', () => {
    const least = {
      product: { id: '7', quantity: 1 },
      lines: [{ id: '7', quantity: 2 }],
      order: { lines: [] },
      recommended: [],
      customer: { email: 'a@b.example' },
    }
    for (const letter of [letterOf(), letterOf(least)]) {
      expect(letter.language).toBe(language)
      expect(worriesOf(letter)).toEqual([])
      // Who listens hears "Halden table lamp", not the "H" of a tile.
      expectWhole(letter, 4)
    }
  })

  test('is in its own language throughout', () => {
    const { text, html } = letterOf()
    const english = /\b(the|your|you|with)\b/i
    const bare = said({ html } as Rendered)
    for (const words of [text, bare]) {
      if (language === 'de') expect(words.replaceAll(/Fern & Fable|Set of four/g, '')).not.toMatch(english)
      else expect(words).toMatch(english)
    }
  })

  test('holds against hostile and missing data: nothing broken, nothing empty, nothing that a bug would print', () => {
    fc.assert(
      fc.property(hostile, (changes) => {
        const letter = render(templates, name, { ...sampleLetter({ locale }), ...changes })
        if (!('missing' in letter)) expectWhole(letter)
      }),
      { numRuns: 150 },
    )
  })

  test('takes no lines, a thousand lines, and endless words', () => {
    const lines = (n: number) =>
      Array.from({ length: n }, (_, i) => ({ id: String(i), name: `${'Lång '.repeat(200)}${i}`, price: 1, quantity: 1, image: 'https://x.example/i.jpg' }))
    for (const n of [0, 1, 1_000]) {
      const letter = render(templates, name, sampleLetter({ locale, lines: lines(n), order: { lines: lines(n) }, recommended: lines(n) }))
      if ('missing' in letter) expect([n, letter.missing]).toEqual([0, 'lines'])
      else expectWhole(letter)
    }
  })
})

/** What a reader would see as broken. */
function expectWhole({ subject, html, text }: Rendered, linkCharsMin = 1): void {
  expect(Buffer.byteLength(html)).toBeLessThan(60_000)
  const document = parseDocument(html)
  const words = `${subject}\n${textContent(document)}\n${text}`
  expect(words).not.toMatch(/undefined|\bNaN\b|\[object|(?<![\p{L}])null(?![\p{L}])|Infinity/u)
  // An empty name leaves a comma or a blank where it should stand.
  expect(words).not.toMatch(/(?:Hi|Hallo|Dear|Thank you,|Dank,)\s*[,\n]|\{[a-z_]+\}/)
  expect(subject.trim()).not.toBe('')
  for (const image of findAll((element) => element.name === 'img', document.children)) {
    expect(getAttributeValue(image, 'src')).toMatch(/^https?:\/\/[^\s]+$/)
    expect(getAttributeValue(image, 'alt')).toBeDefined()
  }
  for (const link of findAll((element) => element.name === 'a', document.children)) {
    expect(getAttributeValue(link, 'href')).toMatch(/^(?:https?:\/\/|mailto:|#$)/)
    const alts = findAll((element) => element.name === 'img', link.children).map((image) => getAttributeValue(image, 'alt'))
    const called = [textContent(link), ...alts].join(' ').trim()
    expect([...called].length, `a link called "${called}"`).toBeGreaterThanOrEqual(linkCharsMin)
  }
}

const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    ' ',
    '\u200b',
    '\u200d\u200d',
    '\u2800',
    '\u3164',
    '\u00a0',
    '.',
    '—',
    'undefined',
    'undefined undefined',
    'null',
    'NULL',
    'NaN',
    '[object Object]',
    'Size: undefined',
    '<b>x</b>',
    '</table><h1>',
    '"><img src=x onerror=alert(1)>',
    '<!--',
    "it.say('x')",
    '$&',
    '\\',
    '`',
    'javascript:alert(1)',
    'data:image/png;base64,AA',
    'https://',
    'http://a b',
    '//x.example/y',
    'https://x.example/p?a=1&b="',
    'a\r\nBcc: b@c.example',
    'שלום \u202eabc\u202c',
    'مرحبا',
    '👩‍👩‍👧',
    'e\u0301'.repeat(500),
    'x'.repeat(20_000),
    '\ud800',
    '\0',
    'xx-rubbish!',
    'de_DE@euro',
    'Nowhere/None',
    'ZZZ',
    'XAU',
    undefined,
    null,
    NaN,
    Infinity,
    -1,
    0,
    1e21,
    true,
    {},
    [],
    [null],
    { name: 'x' },
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
)
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.dictionary(
      fc.constantFrom('id', 'name', 'brand', 'category', 'variant', 'price', 'quantity', 'url', 'image', 'currency', 'stock'),
      nasty,
    ) as fc.Arbitrary<unknown>,
  },
  { weight: 1, arbitrary: nasty },
)
const lines = fc.oneof({ weight: 6, arbitrary: fc.array(line, { maxLength: 6 }) as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: nasty })
const { shop: soundShop } = sampleLetter()
const hostile = fc.record(
  {
    customer: fc.oneof(fc.dictionary(fc.constantFrom('firstName', 'name', 'email'), nasty) as fc.Arbitrary<unknown>, nasty),
    shop: fc.dictionary(fc.constantFrom('logo', 'supportEmail', 'url', 'locale', 'name', 'address'), nasty).map((given) => ({ ...soundShop, ...given })),
    currency: nasty,
    timeZone: nasty,
    lines,
    product: line,
    order: fc.oneof(fc.record({ id: nasty, total: nasty, currency: nasty, lines }) as fc.Arbitrary<unknown>, nasty),
    code: fc.oneof(fc.record({ code: nasty, percent: nasty, expiresAt: nasty }) as fc.Arbitrary<unknown>, nasty),
    recommended: lines,
    openPixel: nasty,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Partial<LetterData>>
