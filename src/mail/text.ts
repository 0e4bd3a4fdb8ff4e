/** Text and URLs from outside, made safe to print. */

export const urlCharsMax = 2_048

/** One clean line of at most `charsMax` characters; '' for anything that is no text, or that another program's bug wrote. */
export function clean(value: unknown, charsMax: number): string {
  if (typeof value !== 'string') return ''
  let text = value
  if (text.length > charsMax || !easy.test(text) || mayHoldBug(text)) {
    text = text
      .slice(0, charsMax * 8)
      .toWellFormed()
      .replaceAll(unwanted, '')
      .replaceAll(/(\p{M}{4})\p{M}+/gu, '$1')
      .replaceAll(bugWords, ' ')
      .replaceAll(/[\s\x00-\x1f\x7f-\x9f]+/g, ' ')
      .trim()
    if (text.length > charsMax)
      text = `${text
        .slice(0, charsMax - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')
        .trimEnd()}…`
    if (!visible.test(text)) return ''
  }
  return text.length <= longestBug && bugs.has(text) ? '' : text
}

/** A few such words inside a longer text: "Size: undefined". */
const bugWords = /(?<![\p{L}\p{N}])undefined(?![\p{L}\p{N}])|\[object[^\]]*\]?|(?<![\p{L}\p{N}])NaN(?![\p{L}\p{N}])/gu
const mayHoldBug = (text: string): boolean => text.includes('undefined') || text.includes('NaN') || text.includes('[object')
/** Something that an eye can see: letters of all scripts, digits, signs; no marks alone, no blanks by another name. */
const visible = /[^\p{Default_Ignorable_Code_Point}\p{White_Space}\p{M}\p{Cc}\u2800]/u

/** Printable ASCII with single spaces between words: nearly every value there is. */
const easy = /^(?:[\x21-\x7e]+(?: [\x21-\x7e]+)*)?$/
/** Direction overrides and isolates, marks that print nothing, and the object and replacement characters. */
const unwanted = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]|[\u{e0000}-\u{e007f}]/gu
const bugs = new Set(['undefined', 'null', 'NULL', 'NaN', 'nan', 'None', '[object Object]', '[Object object]'])
const longestBug = 15

/** `url` as an absolute http(s) URL in its normal form, or ''. */
export function webUrl(url: unknown): string {
  if (typeof url !== 'string' || url.length > urlCharsMax || !/^https?:\/\//i.test(url)) return ''
  let known = urls.get(url)
  if (known === undefined) {
    const parsed = URL.parse(url)
    // "https://shop.example@elsewhere.example" is made to be misread.
    known = parsed === null || parsed.username !== '' || parsed.password !== '' ? '' : parsed.href
    if (urls.size >= urlsMax) urls.clear()
    urls.set(url, known)
  }
  return known
}

/** A shop's links and pictures come back in letter after letter. */
const urls = new Map<string, string>()
const urlsMax = 4_096

/** `url` as a plain `mailto:` link, or ''. */
export const mailUrl = (url: unknown): string =>
  typeof url === 'string' && url.length <= 320 && /^mailto:[^\s<>"'\x00-\x1f\x7f]+$/i.test(url) ? `mailto:${url.slice(7)}` : ''
