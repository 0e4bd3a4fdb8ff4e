import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { BeckonError } from '../core/errors.ts'
import { render, type Rendered } from './render.ts'
import { sampleLetter } from './sample.ts'
import { loadTemplates } from './templates.ts'

const layout =
  '---\nlanguage: en\n---\n<html><head><style>.red { color: red }</style></head><body><%~ it.body %></body></html>\n--- text ---\n<%~ it.body %>\n--\nFooter\n'
const dirs: string[] = []
afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true })))

describe('the templates we ship', () => {
  test('load, six letters', () => {
    expect(loadTemplates('templates').names()).toEqual([
      'browse-reminder',
      'cart-abandoned',
      'cart-discount',
      'confirm-subscription',
      'order-thanks',
      'win-back',
    ])
  })

  test('have one hash until any file changes, partials too', () => {
    const dir = newDir()
    cpSync('templates', dir, { recursive: true })
    const before = loadTemplates(dir).hash
    expect(before).toBe(loadTemplates('templates').hash)
    writeFileSync(join(dir, 'partials/greeting.eta'), '<p>Dear you,</p>\n--- text ---\nDear you,\n')
    expect(loadTemplates(dir).hash).not.toBe(before)
  })

  test('an unknown letter is named, with those there are', () => {
    expect(() => loadTemplates('templates').get('birthday')).toThrow(
      expect.objectContaining({ code: 'template.missing', message: expect.stringContaining('cart-abandoned') }),
    )
  })
})

describe('compiling', () => {
  test('CSS is inlined once, media queries stay, and classes that nothing mentions go', () => {
    const head = '<style>.red{color:red}.blue{color:blue}</style><style data-css-inline="ignore">@media (max-width:9px){.blue{color:navy !important}}</style>'
    const letter = made({
      'layout.eta': `<html><head>${head}</head><body><%~ it.body %></body></html>`,
      'a.eta': front('<p class="red blue">x</p><p class="red">y</p>'),
    })
    expect(letter.html).toContain('@media (max-width:9px){.blue{color:navy !important}}')
    expect(letter.html).toMatch(/<p class="blue" style="color:red;color:blue">|<p class="blue" style="color:blue">|<p style="color:blue" class="blue">/)
    expect(letter.html).toContain('<p style="color:red">y</p>')
  })

  test('tags keep their place in tables, attributes, branches and Outlook comments', () => {
    const html = made({
      'a.eta': front(
        '<table><% for (const item of it.lines) { %><tr><td data-id="<%= item.quantity %>" title=\'<%= item.title %>\'><!--[if mso]><b><%= item.initial %></b><![endif]--><%= item.title %></td></tr><% } %></table>',
      ),
    }).html
    expect(html.match(/<tr>/g)).toHaveLength(3)
    expect(html.match(/<\/tr>/g)).toHaveLength(3)
    expect(html.match(/<tbody>/g)).toHaveLength(1)
    expect(html).toContain('title="Halden table lamp"')
    expect(html).toContain('<!--[if mso]><b>H</b><![endif]-->Halden table lamp</td>')
  })

  test('a partial sees its arguments as part, and what is in scope', () => {
    const letter = made({
      'partials/row.eta': '<b><%= part.label %> <%= item.title %></b>\n--- text ---\n<%= part.label %> <%= item.title %>',
      'a.eta': `---\nsubject: x\n---\n<% for (const item of it.lines) { %><%~ include('./partials/row', { label: item.quantity + 'x' }) %><% } %>\n--- text ---\n<% for (const item of it.lines) { %>\n<%~ include('./partials/row', { label: item.quantity + 'x' }) %>\n\n<% } %>\n`,
    })
    expect(letter.html).toContain('<b>2x Washed linen napkins</b>')
    expect(letter.text).toBe('1x Halden table lamp\n\n1x Stovetop kettle, 1.6 l\n\n2x Washed linen napkins\n\n--\nFooter\n')
  })

  test('a letter without a text part gets one from its HTML', () => {
    const letter = made({
      'a.eta': front(
        '<h1>Hello <%= it.customer.firstName %></h1><% if (it.code) { %><p>Your <b>code</b>:<br><a href="<%= it.link(it.cart) %>"><%= it.code.code %></a></p><% } %>',
      ),
    })
    expect(letter.text).toMatch(/^Hello Anna\n\n/)
    expect(letter.text).toContain('Your code:\nFERN-7K2Q9')
    expect(letter.text).toContain('https://fernandfable.example/c/Zk3vQ9tLw2.0')
    expect(letter.text).toContain('\n--\nFooter\n')
  })
})

describe('a template that prints what is not there', () => {
  test.each([
    ['in the HTML', '<p><%= it.data.customer.nickname %></p>', 'data.customer.nickname'],
    ['unescaped', '<p><%~ it.data.customer.nickname %></p>', 'data.customer.nickname'],
    ['a field of something absent', '<p><%= it.data.extra.name %></p>', 'data.extra.name'],
    ['as a sum', '<p><%= it.data.customer.age + 1 %></p>', 'data.customer.age + 1'],
    ['as a whole object', '<p><%= it.data.customer %></p>', 'data.customer'],
  ])('%s, gives no letter but the name of it', (_, html, missing) => {
    expect(render(loadTemplates(written({ 'a.eta': front(html) })), 'a', sampleLetter())).toEqual({ missing })
  })
})

describe('a broken template says where', () => {
  const cases: [string, Record<string, string>, string, RegExp][] = [
    ['a tag that never ends', { 'a.eta': front('<p>\n<%= it.cart </p>') }, 'a.eta:5', /Unclosed tag/],
    [
      'JavaScript that does not parse',
      { 'a.eta': front('<p>one</p>\n<p><%= it.cart + %></p>\n<p>three</p>') },
      'a.eta:5',
      />> 5 \| <p><%= it\.cart \+ %><\/p>/,
    ],
    ['a loop that never closes', { 'a.eta': front('<% for (const item of it.lines) { %>\n<p>x</p>') }, 'a.eta:4', /Unexpected token|Missing|missing/],
    ['a fault in the text part', { 'a.eta': `${front('<p>x</p>')}\n--- text ---\nfine\n<%= ) %>\n` }, 'a.eta:7', /Unexpected token/],
    ['a fault in a partial', { 'partials/p.eta': '<p>\n<%= it. %>\n</p>', 'a.eta': front("<%~ include('./partials/p') %>") }, 'partials/p.eta:2', /./],
    ['a partial that is not there', { 'a.eta': front("<p>x</p>\n<%~ include('./partials/none') %>") }, 'a.eta:5', /no partials\/none\.eta/],
    [
      'partials in a circle',
      { 'partials/p.eta': "<%~ include('./partials/p') %>", 'a.eta': front("<%~ include('./partials/p') %>") },
      'partials/p.eta:1',
      /without end/,
    ],
    ['half an element in a branch', { 'a.eta': front('<div>\n<% if (it.code) { %><div><% } %>\n</div></div>') }, 'a.eta:5', /half an element/],
    ['no subject', { 'a.eta': '<p>x</p>' }, 'a.eta:1', /no subject/],
    ['unknown front matter', { 'a.eta': '---\nsubjet: x\n---\n<p>x</p>' }, 'a.eta:2', /not subjet/],
    ['front matter without an end', { 'a.eta': '---\nsubject: x\n<p>x</p>' }, 'a.eta:1', /no closing/],
  ]

  test.each(cases)('%s', (_, files, place, what) => {
    const fault = thrown(() => loadTemplates(written(files)))
    expect(fault).toBeInstanceOf(BeckonError)
    expect(fault).toMatchObject({ code: 'template.broken', message: expect.stringContaining(`${place}:`) })
    expect((fault as Error).message).toMatch(what)
    expect((fault as Error).message).toMatch(/ >> \d+ \| /)
  })

  test('a template that throws while a letter is rendered', () => {
    const templates = loadTemplates(written({ 'a.eta': front('<p>fine</p>\n<p><%= it.shop.name.repeat(-1) %></p>') }))
    expect(thrown(() => render(templates, 'a', sampleLetter()))).toMatchObject({
      code: 'template.broken',
      message: expect.stringMatching(/^a\.eta:5: Invalid count value/),
    })
  })

  test('a missing folder or layout', () => {
    expect(thrown(() => loadTemplates('no/such/folder'))).toMatchObject({ code: 'template.missing' })
    expect(thrown(() => loadTemplates(written({ 'layout.eta': null, 'a.eta': front('x') })))).toMatchObject({ code: 'template.missing' })
  })
})

const front = (html: string): string => `---\nsubject: x\n---\n${html}`

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'templates-'))
  dirs.push(dir)
  return dir
}

function written(files: Record<string, string | null>): string {
  const dir = newDir()
  for (const [file, text] of Object.entries({ 'layout.eta': layout, ...files })) {
    if (text === null) continue
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  return dir
}

const made = (files: Record<string, string>): Rendered => {
  const letter = render(loadTemplates(written(files)), 'a', sampleLetter())
  if ('missing' in letter) throw new Error(`missing ${letter.missing}`)
  return letter
}

function thrown(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('It did not throw.')
}
