/** One template as it would look: with the sample's or a customer's data, in each language, width and light, with and without. */
import { useState } from 'preact/hooks'
import type { Absence, TemplateList, TemplatePreview } from '../../studio/api-templates.ts'
import { withQuery } from '../ask.ts'
import { CustomerPicker } from '../chart/CustomerPicker.tsx'
import { useAsk, useTitle } from '../hooks.ts'
import { useRoom } from '../letters/frames.tsx'
import { Empty, Fault, Spinner } from '../parts/basics.tsx'
import { bytes } from '../words.ts'
import { Needs } from './templates.tsx'
import '../styles/letter.css'
import '../styles/machine.css'
import '../styles/templates.css'

const widths = [360, 640] as const
const heightPx = 900

export function Template({ params }: { params: string[] }) {
  const name = params[0]!
  useTitle(name)
  const { value, fault, again } = useAsk<TemplateList>('templates')
  if (fault !== null && value === null) return <Fault fault={fault} again={again} />
  if (value === null) return <Spinner what="Reading the template" />
  const row = value.templates.find((one) => one.name === name)
  return (
    <>
      <nav class="letter-back" aria-label="Back">
        <a href="/studio/templates">← All templates</a>
      </nav>
      {row === undefined ? (
        <Empty title="There is no such template">
          <p>It may have been renamed or taken away.</p>
        </Empty>
      ) : (
        <>
          <header>
            <h1>{name}</h1>
          </header>
          <Preview name={name} languages={row.languages.map(({ language }) => language)} absences={value.absences} />
          <section class="card template-needs">
            <h2>What it needs</h2>
            <Needs row={row} />
          </section>
        </>
      )}
    </>
  )
}

type Chosen = { id: number; name: string } | null

function Preview({ name, languages, absences }: { name: string; languages: string[]; absences: readonly Absence[] }) {
  const [language, setLanguage] = useState<string | null>(null)
  const [without, setWithout] = useState<ReadonlySet<Absence>>(new Set())
  const [customer, setCustomer] = useState<Chosen>(null)
  const [isDark, setDark] = useState(false)
  const asked = { language, without: [...without].join(','), customer: customer?.id }
  const path = `templates/${encodeURIComponent(name)}`
  const { value, fault, again } = useAsk<TemplatePreview>(withQuery(`${path}/preview`, asked))
  const toggle = (what: Absence) => setWithout(new Set(without.has(what) ? [...without].filter((one) => one !== what) : [...without, what]))
  return (
    <section class="frames" aria-label="Preview">
      <div class="template-whose">
        <CustomerPicker purpose="in this letter" onPick={(id, name) => setCustomer({ id, name })} />
        {customer === null ? (
          <span class="soft small">Filled with sample data.</span>
        ) : (
          <span class="small">
            As <a href={`/studio/customers/${customer.id}`}>{customer.name}</a> would get it now.{' '}
            <button type="button" class="button small" onClick={() => setCustomer(null)}>
              Back to the sample
            </button>
          </span>
        )}
      </div>
      <div class="frame-choices">
        {languages.length > 1 && (
          <div class="choice" role="group" aria-label="Language of the letter">
            {[...(customer === null ? [] : [null]), ...languages].map((one) => (
              <button
                key={one}
                type="button"
                aria-pressed={customer === null ? (language ?? languages[0]) === one : language === one}
                onClick={() => setLanguage(one)}
              >
                {one === null ? 'Theirs' : languageName(one)}
              </button>
            ))}
          </div>
        )}
        <div class="choice" role="group" aria-label="Light of the letter">
          {([false, true] as const).map((dark) => (
            <button key={String(dark)} type="button" aria-pressed={isDark === dark} onClick={() => setDark(dark)}>
              {dark ? 'Dark' : 'Light'}
            </button>
          ))}
        </div>
        <fieldset class="without">
          <legend>Without</legend>
          {absences.map((what) => (
            <label key={what}>
              <input type="checkbox" checked={without.has(what)} onChange={() => toggle(what)} /> {what}
            </label>
          ))}
        </fieldset>
      </div>
      {fault !== null ? <Fault fault={fault} again={again} /> : value !== null && <Outcome preview={value} />}
      {value !== null && 'subject' in value && (
        <Sides src={withQuery(`/studio/api/${path}/html`, { ...asked, dark: isDark ? 1 : null })} subject={value.subject} isDark={isDark} />
      )}
      {value !== null && 'text' in value && (
        <details class="template-text">
          <summary>As plain text</summary>
          <pre class="sheet" tabIndex={0} role="region" aria-label="The letter as text" lang={value.language}>
            {value.text}
          </pre>
        </details>
      )}
    </section>
  )
}

function Outcome({ preview }: { preview: TemplatePreview }) {
  if ('lacks' in preview)
    return (
      <p class="notice" role="status">
        No letter: it needs <span class="mono">{preview.lacks}</span>, and there is nothing of the kind. It would be skipped as <em>nothing to say</em>.
      </p>
    )
  return (
    <div class="outcome" role="status">
      <p>
        <strong lang={preview.language}>{preview.subject}</strong> <span class="soft small numbers">{bytes(preview.htmlBytes)}</span>
      </p>
      {preview.fell.length > 0 && (
        <p class="small">
          Fell back:{' '}
          {preview.fell.map(({ block, lacks }) => (
            <span key={`${block} ${lacks}`} class="chip warn" title={`for want of ${lacks}`}>
              {block} without {lacks}
            </span>
          ))}
        </p>
      )}
    </div>
  )
}

/** Beside one another where there is room, else below; drawn smaller, not narrower, where even one has none. */
function Sides({ src, subject, isDark }: { src: string; subject: string; isDark: boolean }) {
  const [box, roomPx] = useRoom()
  return (
    <div class="frame-row template-frames" ref={box}>
      {roomPx > 0 &&
        widths.map((width) => {
          const scale = Math.min(1, (roomPx - 2) / width)
          return (
            <figure key={width} class="frame" style={{ width: `${width * scale + 2}px` }}>
              <figcaption class="soft small numbers">{width} px</figcaption>
              <div class="pane" style={{ height: `${heightPx * scale + 2}px` }}>
                <iframe
                  // A frame that is led elsewhere would stand in the browser's history; a new one does not.
                  key={src}
                  title={`“${subject}” at ${width} pixels, ${isDark ? 'dark' : 'light'}`}
                  sandbox="allow-popups allow-popups-to-escape-sandbox"
                  src={src}
                  width={width}
                  height={heightPx}
                  style={{ transform: `scale(${scale})`, colorScheme: isDark ? 'dark' : 'light' }}
                />
              </div>
            </figure>
          )
        })}
    </div>
  )
}

const names = new Intl.DisplayNames(['en'], { type: 'language' })
const languageName = (language: string): string => names.of(language) ?? language
