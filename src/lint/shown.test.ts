import { expect, test } from 'vitest'
import { destinationsOf, linksOf, toShown } from './shown.ts'

const token = 'abcdefghijklmnopqrstuv'
const counted = { token, links: ['https://shop.example/fern?a=1&b=2', 'https://shop.example/cart'] }
const click = (n: number) => `https://mail.example/c/${token}.${n}AbCd-_12`
const letter = `<!doctype html>
<html><head><style>p{margin:0}@media (prefers-color-scheme: dark){p{color:#fff}}@media (prefers-color-scheme:light){p{color:#000}}</style></head>
<body><!--[if mso]><p>x</p><![endif]--><P CLASS=a>Hi &amp; hello &nbsp;</P>
<a class="name" href="${click(0)}">Fern</a><a href="${click(1)}"><img src="x.jpg" alt="Cart"></a>
<a href="https://mail.example/u/${token}xyz">Unsubscribe</a><a href="javascript:alert(1)">Bad</a><a href="mailto:a@b.example">Write</a>
<img src="https://mail.example/o/${token}AbCdEfGhIjKl" width="1" height="1" alt=""></body></html>`

test('looking is no open and no click', () => {
  const shown = toShown(letter, counted, false)
  expect(shown).not.toContain('/o/')
  expect(shown).not.toContain('/c/')
  expect(shown).toContain('<a class="name" href="https://shop.example/fern?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">Fern</a>')
})

test('only addresses of the web, mail and phone stay links', () => {
  const shown = toShown(letter, counted, false)
  expect(shown).not.toContain('javascript')
  expect(shown).toContain('<a>Bad</a>')
  expect(shown).toContain('<a href="mailto:a@b.example" target="_blank" rel="noopener noreferrer">Write</a>')
})

test('the light is what was asked for, whatever the computer prefers', () => {
  const dark = toShown(letter, counted, true)
  expect(dark).toContain('@media (min-width:0){p{color:#fff}}@media (min-width:99999px){p{color:#000}}')
  expect(dark).toContain('<style>:root{color-scheme:dark !important}</style></head>')
  const light = toShown(letter, counted, false)
  expect(light).toContain('@media (min-width:99999px){p{color:#fff}}@media (min-width:0){p{color:#000}}')
  expect(light).toContain('color-scheme:light')
})

test('all else stays as it was written', () => {
  const plain = letter.replaceAll(/<a\b[^>]*>|<img src="https[^>]*>|@media \(prefers[^)]*\)/g, '')
  const shown = toShown(letter, counted, false).replaceAll(/<a\b[^>]*>|@media \(min-width[^)]*\)|<style>:root\{[^}]*\}<\/style>/g, '')
  expect(shown).toBe(plain)
})

test('a number that the letter has no link for, and a foreign token, lead where they say', () => {
  const html = `<a href="${click(7)}">A</a><a href="https://mail.example/c/other.0AbCd-_12">B</a>`
  expect(toShown(html, counted, false)).toContain(`href="${click(7)}"`)
  expect(destinationsOf(html, counted)).toEqual({})
  expect(destinationsOf(letter, counted)).toEqual({ [click(0)]: counted.links[0], [click(1)]: counted.links[1] })
})

test('links are listed once each with their words and what they are for', () => {
  expect(linksOf(`${letter}<a href="${click(0)}">Fern</a>`, counted)).toEqual([
    { text: 'Fern', url: 'https://shop.example/fern?a=1&b=2', kind: 'click' },
    { text: 'Cart', url: 'https://shop.example/cart', kind: 'click' },
    { text: 'Unsubscribe', url: `https://mail.example/u/${token}xyz`, kind: 'unsubscribe' },
    { text: 'Bad', url: 'javascript:alert(1)', kind: 'other' },
    { text: 'Write', url: 'mailto:a@b.example', kind: 'other' },
  ])
})
