/**
 * Questions about templates: what there is, how one looks with sample or a customer's own data, and what real customers
 * lack. Read-only: nothing here can send, and no link or code in a preview works.
 */
import type { Machine } from '../actors/load-machine.ts'
import { askedAs, sampleLetters } from '../lab/sampled.ts'
import { createDrafting } from '../lab/preview.ts'
import { withAdvice } from '../lab/recommending.ts'
import type { Advise } from '../lab/recommending.ts'
import type { Stage } from '../lab/future.ts'
import type { ToldLife } from '../lab/told.ts'
import { toShown } from '../lint/shown.ts'
import { worriesOf } from '../lint/worries.ts'
import { render } from '../mail/render.ts'
import type { Rendered } from '../mail/render.ts'
import { sampleLetter } from '../mail/sample.ts'
import type { LetterData, Line } from '../mail/view.ts'
import type { Absence, TemplateFace, TemplateList, TemplatePreview, TemplateRow, TemplateSample } from './api-templates.ts'
import { products } from './demo-products.ts'
import type { About } from './questions.ts'

export type PreviewInput = {
  name: string
  /** BCP 47; none: the data's own. */
  language?: string
  without: readonly string[]
  /** Whose letter; none: the sample's. */
  customer?: About
}

type Options = { stage: Stage; of: (version: number) => Machine; version: number; tell: (about: About) => ToldLife | null; advise: Advise }
type Unknown = { refused: 'studio.input_invalid'; about: string } | { refused: 'customer.unknown' }

const absences: readonly Absence[] = ['pictures', 'names', 'recommendations', 'prices', 'support']
const noLinks = { token: '?', links: [] }

export function createTemplateQuestions({ stage, of, version, tell, advise }: Options) {
  const { templates, shop, publicUrl } = stage.letters
  const rules = stage.machine.letters
  let sample: { at: number; count: number; answer: TemplateSample } | null = null

  function rowOf(name: string): TemplateRow {
    const { requires, blocks, languages } = templates.get(name)
    const asked = askedAs(name, rules)
    const rule = asked === null ? null : rules[asked]!
    return {
      name,
      journey: rule?.journey ?? null,
      priority: rule?.priority ?? null,
      insteadOf: asked === name ? null : asked,
      requires: [...requires],
      blocks: [...blocks],
      languages: languages.map((language) => faceOf(name, language)),
    }
  }

  function faceOf(name: string, language: string): TemplateFace {
    const letter = render(templates, name, dataOf({ language, without: [] }))
    if ('missing' in letter) return { language, subject: `needs ${letter.missing}`, htmlBytes: 0, worries: [] }
    return { language, subject: letter.subject, htmlBytes: Buffer.byteLength(letter.html), worries: worriesOf(letter) }
  }

  /** The shop's own name and address around the demo's goods. */
  function dataOf({ language, without }: Pick<PreviewInput, 'language' | 'without'>, own?: LetterData): LetterData {
    const [first, second, third, ...others] = products.map(({ id, name, brand, category, price }, index): Line => ({
      id,
      name,
      brand,
      category,
      price,
      quantity: index === 1 ? 2 : 1,
      url: `${publicUrl}/demo/products/${id}`,
      image: `${publicUrl}/demo/pictures/${id}.jpg`,
    }))
    const lines = [first!, second!, third!]
    const { currency, timeZone, locale } = shop
    const links = {
      unsubscribe: `${publicUrl}/u/preview`,
      preferences: `${publicUrl}/p/preview`,
      confirm: `${publicUrl}/p/preview/confirm`,
      cart: shop.cartUrl,
      shop: shop.url,
    }
    const made = sampleLetter({
      shop,
      lines,
      product: lines[1]!,
      order: { id: 'FF-20417', lines },
      recommended: others.slice(0, 4),
      links,
      currency,
      timeZone,
      locale,
    })
    const data = { ...made, shop: { supportEmail: 'hello@fern.example', ...shop }, ...own, ...(language === undefined ? {} : { locale: language }) }
    return without.reduce(lacking, { ...data, openPixel: '' })
  }

  type Previewed = Unknown | { lacks: string } | Rendered

  /** A customer's own with what the engine would recommend them. */
  async function previewed(input: PreviewInput): Promise<Previewed> {
    const { name, customer } = input
    if (!templates.names().includes(name)) return { refused: 'studio.input_invalid', about: 'template' }
    if (customer === undefined) return written(name, dataOf(input))
    const told = tell(customer)
    if (told === null) return { refused: 'customer.unknown' }
    const draft = await withAdvice(stage.letters.shelves, advise, (shelves) =>
      createDrafting({ ...stage, letters: { ...stage.letters, shelves } })(
        told,
        askedAs(name, rules) ?? name,
        Math.max(told.life.at, customer.now + customer.lead),
      ),
    )
    return 'lacks' in draft ? draft : written(name, dataOf(input, ownOf(draft.data)))
  }

  function written(name: string, data: LetterData): { lacks: string } | Rendered {
    const letter = render(templates, name, data)
    return 'missing' in letter ? { lacks: letter.missing } : letter
  }

  return {
    templates(_: object): TemplateList {
      const gaps = [...Map.groupBy(templates.gaps, ({ file }) => file)]
      return {
        templates: templates.names().map(rowOf),
        gaps: gaps.map(([file, keys]) => ({ file, language: keys[0]!.language, keys: keys.map(({ key }) => key) })),
        languages: [...new Set(templates.names().flatMap((name) => templates.get(name).languages))],
        absences,
      }
    },

    /** How a preview came out. */
    async templatePreview(input: PreviewInput): Promise<TemplatePreview | Unknown> {
      const letter = await previewed(input)
      if (!('html' in letter)) return letter
      const { language, subject, html, text, fellBack } = letter
      return { language, subject, htmlBytes: Buffer.byteLength(html), fell: fellBack, text }
    },

    /** What the sandboxed frame shows. */
    async templateHtml(input: PreviewInput & { dark: boolean }): Promise<{ html: string } | { words: string } | Unknown> {
      const letter = await previewed(input)
      if ('refused' in letter) return letter
      return 'lacks' in letter
        ? { words: `This letter needs ${letter.lacks}, and there is nothing of the kind to show.` }
        : { html: toShown(letter.html, noLinks, input.dark) }
    },

    /** Kept for a minute: who opens the page again need not wait again. */
    templateSample({ now, count }: { now: number; count: number }): TemplateSample {
      if (sample === null || sample.count !== count || now - sample.at > keptMs)
        sample = { at: now, count, answer: sampleLetters({ stage, of, version, now, count }) }
      return sample.answer
    },
  }
}

const keptMs = 60_000

/** Of a customer's letter the frame around it too: without it there would be the sample's. */
const ownOf = (data: LetterData): LetterData => ({ recommended: [], ...data })

const bare = ({ image: _, ...line }: Line): Line => line
const priceless = ({ price: _, ...line }: Line): Line => line

function lacking(data: LetterData, what: string): LetterData {
  const all = (change: (line: Line) => Line): LetterData => ({
    ...data,
    ...(data.lines === undefined ? {} : { lines: data.lines.map(change) }),
    ...(data.product === undefined ? {} : { product: change(data.product) }),
    ...(data.order === undefined ? {} : { order: { ...data.order, lines: data.order.lines.map(change) } }),
    ...(data.recommended === undefined ? {} : { recommended: data.recommended.map(change) }),
  })
  if (!isAbsence(what)) return data
  switch (what) {
    case 'pictures':
      return all(bare)
    case 'prices': {
      const { order, ...rest } = all(priceless)
      if (order === undefined) return rest
      const { total: _, ...bought } = order
      return { ...rest, order: bought }
    }
    case 'names':
      return { ...data, customer: { email: data.customer.email } }
    case 'recommendations':
      return { ...data, recommended: [] }
    case 'support': {
      const { supportEmail: _, ...shop } = data.shop
      return { ...data, shop }
    }
  }
}

const isAbsence = (what: string): what is Absence => (absences as readonly string[]).includes(what)
