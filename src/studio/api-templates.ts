/** The templates' page: shapes only, as in api.ts. */
import type { LetterCheck, Priority } from './api.ts'

/** GET templates. */
export type TemplateList = {
  templates: TemplateRow[]
  /** Words that a language borrows from the main one. */
  gaps: { language: string; file: string; keys: string[] }[]
  /** Those that live in one language alone are told by their row. */
  languages: string[]
  absences: readonly Absence[]
}

export type TemplateRow = {
  name: string
  /** Null: no machine asks for it. */
  journey: string | null
  priority: Priority | null
  /** The template whose letters some customers get this one in place of. */
  insteadOf: string | null
  requires: string[]
  blocks: TemplateBlock[]
  languages: TemplateFace[]
}

export type TemplateBlock = { name: string; requires: string[]; hasFallback: boolean }

/** A template in one language, filled with the sample. */
export type TemplateFace = { language: string; subject: string; htmlBytes: number; worries: LetterCheck['items'] }

/** GET templates/sample: what the letters would say to real customers. */
export type TemplateSample = { asked: number; customers: number; letters: Sampled[] }

export type Sampled = {
  template: string
  /** Letters that came out, and in which language. */
  written: number
  languages: Record<string, number>
  /** Letters that did not, by what was missing. */
  lacking: { what: string; times: number }[]
  fell: { block: string; lacks: string; times: number }[]
  /** What templates threw. */
  faults: string[]
  worries: string[]
  htmlBytesMax: number
}

/** What a preview may leave out. */
export type Absence = 'pictures' | 'names' | 'recommendations' | 'prices' | 'support'

/** GET templates/:name/preview?language&without&customer: how a preview came out; GET templates/:name/html has the letter, for a frame. */
export type TemplatePreview =
  | { language: string; subject: string; htmlBytes: number; fell: { block: string; lacks: string }[]; text: string }
  | { lacks: string }
