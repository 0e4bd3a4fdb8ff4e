import { describe, expect, test } from 'vitest'
import { templatesDirectory } from '../main.ts'
import { composeMime } from '../mail/compose.ts'
import { render } from '../mail/render.ts'
import { sampleLetter } from '../mail/sample.ts'
import { loadTemplates } from '../mail/templates.ts'
import { lintLetter } from './lint.ts'
import type { Check, FinishedLetter } from './reading.ts'

const leaving = 'https://shop.example/u/abc'
const prose = 'Your cart is as you left it. Nothing to search for again: it opens just as it was, with everything that you had put into it. '

/** A letter in which every check finds all well, but for what is changed. */
function letterOf(body: string, changes: Partial<FinishedLetter> = {}): FinishedLetter {
  return {
    subject: 'Your fern is still in your cart',
    html: `<!doctype html><html><body><p>${prose}</p>${body}<p><a href="${leaving}" style="color:#333333">Unsubscribe</a></p></body></html>`,
    text: 'Your cart is as you left it.',
    headers: [
      ['List-Unsubscribe', `<${leaving}>`],
      ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
    ],
    sizeBytes: 4_000,
    destinations: {},
    ...changes,
  }
}

function check(id: string, letter: FinishedLetter): Check {
  return lintLetter(letter).find((one) => one.id === id)!
}
const words = ({ items }: Check) => items.map((item) => item.words).join('\n')

test('a plain good letter passes every check without a word of advice', () => {
  for (const one of lintLetter(letterOf(''))) expect([one.id, one.result, one.items]).toEqual([one.id, 'good', []])
})

test('no HTML is too broken to be read', () => {
  for (const html of ['', '<', '<style>', '<a href', '<style>@media{{{a{b:c', '</p></p>', '<div style="color:">\u0000', `${'<b>'.repeat(5_000)}x`])
    expect(lintLetter(letterOf('', { html })).map(({ id }) => id)).toEqual(['clients', 'alt', 'contrast', 'unsubscribe', 'links', 'size', 'spam'])
})

describe('mail programs', () => {
  test('a layout by flex or grid is warned of, with the clients that lack it and what happens there', () => {
    const found = check('clients', letterOf('<div style="display:flex;gap:8px"><div>a</div><div>b</div></div>'))
    expect(found.result).toBe('warn')
    const flex = found.items.find((item) => item.words.startsWith('display:flex'))!
    expect(flex).toMatchObject({
      result: 'warn',
      words: expect.stringMatching(/not in .*Outlook for Windows/),
      detail: expect.stringContaining('Used 1 time.'),
    })
    expect(words(found)).toContain('gap, column-gap, row-gap')
  })

  test('a film or a form is bad: most people could not use it', () => {
    expect(check('clients', letterOf('<video src="https://shop.example/a.mp4"></video>')).result).toBe('bad')
    expect(words(check('clients', letterOf('<form><input type="text"></form>')))).toContain('<form>')
  })

  test('what only makes a letter nicer is a note, never an alarm', () => {
    const dark = letterOf('', {
      html: `<style>@media (prefers-color-scheme:dark){p{color:#ffffff !important;display:flex !important}}</style>${letterOf('').html}`,
    })
    const found = check('clients', dark)
    expect(found.result).toBe('note')
    expect(words(found)).toContain('@media (prefers-color-scheme)')
    expect(found.items.find((item) => item.words.startsWith('display:flex'))!.detail).toContain('only on top of what is there anyway')
    expect(check('clients', letterOf('<p style="border-radius:8px">x</p>'))).toMatchObject({
      result: 'note',
      items: [{ detail: expect.stringContaining('Corners are square') }],
    })
  })

  test('the same rule outside a media query is no mere extra', () => {
    const html = letterOf('').html
    expect(check('clients', letterOf('', { html: `<style>div{display:grid}</style>${html}` })).result).toBe('warn')
    expect(check('clients', letterOf('', { html: `<style>@media (min-width:600px){div{display:grid}}</style>${html}` })).result).toBe('note')
  })

  test('what Outlook on Windows alone lacks is a note when the letter has parts of its own for it', () => {
    const body = '<table style="opacity:.9"><tr><td>x</td></tr></table><div style="background-color:#ffffff;list-style-position:inside;max-width:600px">y</div>'
    const alone = (html: string) =>
      check('clients', letterOf(html)).items.filter((item) => /^[^:]+: (not|partly) in Outlook for Windows \(classic\)$/.test(item.words))
    expect(alone(body).length).toBeGreaterThan(0)
    expect(
      alone(`<!--[if mso]><table><tr><td><![endif]-->${body}<!--[if mso]></td></tr></table><![endif]-->`).filter(({ result }) => result !== 'note'),
    ).toEqual([])
  })

  test('a remark about values that the letter does not use is not repeated', () => {
    expect(words(check('clients', letterOf('<p style="text-align:center">x</p>')))).not.toContain('text-align')
    expect(words(check('clients', letterOf('<p style="text-align:start">x</p>')))).toContain('text-align')
  })
})

describe('pictures', () => {
  test('a picture without words is named; one with words, an empty ornament and the open pixel are fine', () => {
    const found = check('alt', letterOf('<img src="https://shop.example/p/fern.jpg?w=88" width="88">'))
    expect(found).toMatchObject({ result: 'warn', items: [{ words: '“fern.jpg” has no alt text.' }] })
    expect(check('alt', letterOf('<img src="fern.jpg" alt="Boston fern"><img src="line.png" alt="">')).result).toBe('good')
    expect(check('alt', letterOf('<img src="https://shop.example/o/x" width="1" height="1" alt="">')).words).toContain('no pictures')
  })

  test('a link that is nothing but a silent picture is warned of, and a file name is no description', () => {
    expect(check('alt', letterOf('<a href="https://shop.example"><img src="fern.jpg" alt=""></a>')).result).toBe('warn')
    expect(check('alt', letterOf('<a href="https://shop.example"><img src="fern.jpg" alt=""> Boston fern</a>')).result).toBe('good')
    expect(check('alt', letterOf('<img src="x.jpg" alt="IMG_2041.jpg">')).result).toBe('note')
  })
})

describe('contrast', () => {
  test('grey on grey is found with its ratio, where it stands, and how often', () => {
    const found = check('contrast', letterOf('<td bgcolor="#eeeeee"><p style="color:#999999">Valid until Friday</p><p style="color:#999999">Once</p></td>'))
    expect(found).toMatchObject({
      result: 'bad',
      items: [{ words: '“Valid until Friday” and 1 more like it: 2.45 to 1 in light; it needs 4.5 to 1.', detail: '#999999 on #eeeeee' }],
    })
  })

  test('large text needs less, and hidden text nothing', () => {
    expect(check('contrast', letterOf('<p style="color:#888888">x marks it</p>')).result).toBe('warn')
    expect(check('contrast', letterOf('<p style="color:#888888;font-size:24px">x marks it</p>')).result).toBe('good')
    expect(check('contrast', letterOf('<p style="color:#888888;font-size:19px;font-weight:700">x marks it</p>')).result).toBe('good')
    expect(check('contrast', letterOf('<div style="display:none;color:#ffffff">preheader</div>')).result).toBe('good')
  })

  test('translucent colours are laid on what is behind, and a picture behind is not judged', () => {
    expect(check('contrast', letterOf('<p style="color:rgba(0,0,0,.3)">faint words</p>')).result).toBe('bad')
    expect(check('contrast', letterOf('<div style="background:#000000"><p style="background:rgba(255,255,255,0.1);color:#ffffff">well</p></div>')).result).toBe(
      'good',
    )
    expect(check('contrast', letterOf('<div style="background-image:url(a.jpg)"><p style="color:#fefefe">unknown</p></div>')).result).toBe('good')
  })

  test('in dark the letter’s own dark colours count, with what they override and what they forgot', () => {
    const html = (rules: string) =>
      `<style>@media (prefers-color-scheme:dark){${rules}}</style><table class="page" style="background:#ffffff"><tr><td><p class="words" style="color:#222222">${prose}</p><a href="${leaving}" class="words" style="color:#222222">Unsubscribe</a></td></tr></table>`
    expect(check('contrast', letterOf('', { html: html('.page{background:#111111 !important}.words{color:#eeeeee !important}') })).result).toBe('good')
    const forgot = check('contrast', letterOf('', { html: html('.page{background:#111111 !important}') }))
    expect(forgot.items).toMatchObject([{ words: expect.stringContaining('in dark'), detail: '#222222 on #111111' }])
    // Without !important the style attribute wins.
    expect(check('contrast', letterOf('', { html: html('.page{background:#111111}') })).result).toBe('good')
  })

  test('selectors with parents, and the nearest of several rules, are told apart', () => {
    const html = (rules: string) => `<style>${rules}</style><div class="a"><p class="b c" id="d">${prose}</p></div><a href="${leaving}">Unsubscribe</a>`
    const ratio = (rules: string) => check('contrast', letterOf('', { html: html(rules) })).result
    expect(ratio('.a .b{color:#fff}')).toBe('bad')
    expect(ratio('.x .b{color:#fff}')).toBe('good')
    expect(ratio('.a > .b{color:#fff} p{color:#000}')).toBe('bad')
    expect(ratio('p{color:#000} .a > .b{color:#000} p{color:#fff}')).toBe('good')
    expect(ratio('.a{color:#fff} @media print{.a{color:#000}}')).toBe('bad')
    expect(ratio('#d{color:#000} .b.c{color:#fff}')).toBe('good')
  })
})

describe('unsubscribing', () => {
  const without = (name: string) => letterOf('').headers.filter(([given]) => given !== name)

  test('each missing part is said for itself', () => {
    expect(check('unsubscribe', letterOf('', { headers: without('List-Unsubscribe') })).result).toBe('bad')
    expect(words(check('unsubscribe', letterOf('', { headers: without('List-Unsubscribe-Post') })))).toContain('List-Unsubscribe-Post')
    const mailOnly = [['List-Unsubscribe', '<mailto:stop@shop.example>'], ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click']] as const // prettier-ignore
    expect(words(check('unsubscribe', letterOf('', { headers: mailOnly })))).toContain('https')
    expect(words(check('unsubscribe', letterOf('', { html: `<p>${prose}</p>` })))).toContain('no unsubscribe link')
  })

  test('a hidden link does not count, and a link in another language does', () => {
    const html = (link: string) => `<p>${prose}</p>${link}`
    const headers = [['List-Unsubscribe', '<https://other.example/x>'], ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click']] as const // prettier-ignore
    expect(check('unsubscribe', letterOf('', { headers, html: html(`<a style="display:none" href="${leaving}">Unsubscribe</a>`) })).result).toBe('bad')
    expect(check('unsubscribe', letterOf('', { headers, html: html('<a href="https://shop.example/x">Newsletter abbestellen</a>') })).result).toBe('good')
  })

  test('http is bad on the net, and a note on this machine', () => {
    const headers = (url: string) => [['list-unsubscribe', `<mailto:x@y.example>, <${url}>`], ['list-unsubscribe-post', 'List-Unsubscribe=One-Click']] as const // prettier-ignore
    expect(check('unsubscribe', letterOf('', { headers: headers('http://shop.example/u') })).result).toBe('bad')
    expect(check('unsubscribe', letterOf('', { headers: headers('http://127.0.0.1:4650/u') })).result).toBe('note')
  })
})

describe('links', () => {
  test('addresses that no client opens, lead nowhere or are not whole', () => {
    expect(check('links', letterOf('<a href="JaVa\tscript:alert(1)">Look</a>'))).toMatchObject({
      result: 'bad',
      items: [{ words: expect.stringContaining('begins with javascript:') }],
    })
    expect(check('links', letterOf('<a href="">Look</a>')).result).toBe('warn')
    expect(check('links', letterOf('<a href="shop.example/cart">Look</a>')).result).toBe('bad')
    expect(check('links', letterOf('<a href="mailto:a@shop.example">Write</a><a href="tel:+44">Call</a><a href="#top">Up</a>')).result).toBe('good')
  })

  test('http is named once for each host, but not for this machine', () => {
    expect(check('links', letterOf('<a href="http://shop.example/a">A</a><a href="http://shop.example/b">B</a>')).items).toHaveLength(1)
    expect(check('links', letterOf('<a href="http://127.0.0.1:4650/c/x">A</a>')).result).toBe('good')
  })

  test('where a counted link ends is what is judged', () => {
    const counted = 'https://shop.example/c/token.0abcdefgh'
    expect(check('links', letterOf(`<a href="${counted}">A</a>`)).result).toBe('good')
    expect(check('links', letterOf(`<a href="${counted}">A</a>`, { destinations: { [counted]: 'https://bit.ly/3x' } }))).toMatchObject({
      result: 'warn',
      items: [{ words: expect.stringContaining('shortened by bit.ly') }],
    })
  })
})

describe('size', () => {
  const filled = (kb: number) => letterOf(`<p>${'é'.repeat((kb * 1024) / 2)}</p>`)
  test('Gmail’s 102 KB are counted in bytes, and near to it there is a warning', () => {
    expect(check('size', filled(80)).result).toBe('good')
    expect(check('size', filled(95)).result).toBe('warn')
    expect(check('size', filled(103)).result).toBe('bad')
  })
})

describe('spam filters', () => {
  const subject = (text: string) => check('spam', letterOf('', { subject: text }))
  test('a subject that shouts, begs or deceives', () => {
    expect(words(subject('LAST CHANCE FOR YOUR FERN'))).toContain('shouts')
    expect(words(subject('Hurry! Only today!'))).toContain('exclamation')
    expect(subject('Re: your order').result).toBe('bad')
    expect(subject('').result).toBe('bad')
    expect(subject('10% off the cart you left, with code FERN-7K2Q9').items).toEqual([])
  })

  test('phrases of too good deals, as whole words only', () => {
    expect(words(check('spam', letterOf('<p>Act now, it is risk-free!</p>')))).toMatch(/act now[^]*risk free/i)
    expect(check('spam', letterOf('<p>Snow winners and casinos</p>')).items).toEqual([])
    expect(check('spam', letterOf('<p>Act now. Click here. You have won a free gift.</p>')).result).toBe('warn')
  })

  test('a link that says one address and leads to another is phishing; a subdomain is not', () => {
    expect(check('spam', letterOf('<a href="https://evil.example/x">www.mybank.example</a>'))).toMatchObject({
      result: 'bad',
      items: [{ words: expect.stringContaining('leads to evil.example') }],
    })
    expect(check('spam', letterOf('<a href="https://links.shop.example/x">shop.example</a>')).items).toEqual([])
    expect(check('spam', letterOf('<a href="https://links.shop.example/x">Boston fern</a>')).items).toEqual([])
  })

  test('a letter that is only a picture, and one without plain text', () => {
    expect(words(check('spam', letterOf('', { html: '<img src="all.png" alt="Everything half price">' })))).toContain('Almost all of it is a picture')
    expect(words(check('spam', letterOf('', { text: ' \n' })))).toContain('plain text')
  })
})

describe('the letters that come with Beckon', () => {
  const templates = loadTemplates(templatesDirectory)
  const data = sampleLetter()
  const names = ['browse-reminder', 'cart-abandoned', 'cart-discount', 'order-thanks', 'win-back']

  test.each(names)('%s gives no alarm but for colours', (name) => {
    const rendered = render(templates, name, data)
    if ('missing' in rendered) throw new Error(rendered.missing)
    const mime = composeMime({
      from: { address: 'a@shop.example' },
      to: { address: 'b@shop.example' },
      ...rendered,
      messageId: '<x@shop.example>',
      date: data.at,
      unsubscribeUrl: data.links.unsubscribe,
    })
    const headers = [['List-Unsubscribe', `<${data.links.unsubscribe}>`], ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click']] as const // prettier-ignore
    const checks = lintLetter({ ...rendered, headers, sizeBytes: mime.length, destinations: {} })
    expect(checks.filter(({ result }) => result !== 'good' && result !== 'note')).toEqual([])
    expect(checks.find(({ id }) => id === 'clients')!.words).toMatch(/^The 16 major mail programs know 9\d %/)
  })
})
