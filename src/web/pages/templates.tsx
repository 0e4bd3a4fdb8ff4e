/** All letters that there are: who asks for them, what they need, which blocks may fall back, and what real customers lack. */
import type { Sampled, TemplateList, TemplateRow, TemplateSample } from '../../studio/api-templates.ts'
import { useAsk, useTitle } from '../hooks.ts'
import { Empty, Fault, PriorityChip, Spinner } from '../parts/basics.tsx'
import { bytes, count } from '../words.ts'
import '../styles/templates.css'

export function Templates(_: { params: string[] }) {
  useTitle('Templates')
  const { value, fault, again } = useAsk<TemplateList>('templates')
  const sample = useAsk<TemplateSample>('templates/sample')
  if (fault !== null && value === null) return <Fault fault={fault} again={again} />
  if (value === null) return <Spinner what="Reading the templates" />
  return (
    <>
      <header>
        <h1>Templates</h1>
        <span class="soft numbers">{count(value.templates.length, 'letter')}</span>
      </header>
      {value.gaps.map(({ file, keys }) => (
        <p key={file} class="notice">
          <strong>{file}</strong> lacks {count(keys.length, 'wording')}, and the main language speaks there: <span class="mono break">{keys.join(', ')}</span>
        </p>
      ))}
      {value.templates.length === 0 ? (
        <Empty title="There are no letters yet">
          <p>Put a file such as cart-abandoned.eta into the folder templates, and start again.</p>
        </Empty>
      ) : (
        <ul class="template-list">
          {value.templates.map((row) => (
            <li key={row.name} class="card">
              <Row row={row} />
              <Lacking sample={sample} name={row.name} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function Row({ row }: { row: TemplateRow }) {
  const worries = new Set(row.languages.flatMap(({ worries }) => worries.map(({ words }) => words)))
  return (
    <div class="template-row">
      <h2>
        <a href={`/studio/templates/${row.name}`}>{row.name}</a>
      </h2>
      <p class="template-chips">
        {row.journey === null ? <span class="chip warn">no machine asks for it</span> : <span class="chip">{row.journey}</span>}
        {row.priority !== null && <PriorityChip priority={row.priority} />}
        {row.insteadOf !== null && <span class="chip">for some, instead of {row.insteadOf}</span>}
        {worries.size === 0 ? <span class="chip good">no warnings</span> : <span class="chip warn">{count(worries.size, 'warning')}</span>}
      </p>
      <ul class="subjects">
        {row.languages.map(({ language, subject, htmlBytes }) => (
          <li key={language}>
            <span class="mono soft">{language}</span> <span lang={language}>{subject}</span> <span class="soft small numbers">{bytes(htmlBytes)}</span>
          </li>
        ))}
      </ul>
      {worries.size > 0 && (
        <ul class="small">
          {[...worries].map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      )}
      <Needs row={row} />
    </div>
  )
}

/** What the letter cannot do without, and what may be missing. */
export function Needs({ row }: { row: TemplateRow }) {
  return (
    <dl class="facts">
      <dt>Needs</dt>
      <dd class="mono small">{row.requires.join(', ')}</dd>
      <dt>Blocks</dt>
      <dd>
        {row.blocks.length === 0 && <span class="soft">none: whatever is missing costs the letter</span>}
        <ul class="block-list">
          {row.blocks.map(({ name, requires, hasFallback }) => (
            <li key={name}>
              <strong>{name}</strong>{' '}
              <span class="soft small">
                {hasFallback ? 'shows its fallback without ' : 'is left out without '}
                {requires.length > 0 ? <span class="mono">{requires.join(', ')}</span> : 'what it prints'}
              </span>
            </li>
          ))}
        </ul>
      </dd>
    </dl>
  )
}

function Lacking({ sample, name }: { sample: ReturnType<typeof useAsk<TemplateSample>>; name: string }) {
  if (sample.fault !== null) return <p class="soft small template-sample">What real customers lack cannot be told just now.</p>
  if (sample.value === null) return <p class="soft small template-sample">Trying it out for real customers…</p>
  const tried = sample.value.letters.find(({ template }) => template === name)
  if (tried === undefined || sample.value.customers === 0)
    return <p class="soft small template-sample">{tried === undefined ? 'Nobody would get it.' : 'There are no customers to try it out for yet.'}</p>
  return <Tried tried={tried} customers={sample.value.customers} />
}

function Tried({ tried, customers }: { tried: Sampled; customers: number }) {
  const languages = Object.entries(tried.languages).map(([language, times]) => `${times} ${language}`)
  return (
    <div class="template-sample">
      <p class="small">
        Of {count(customers, 'customer')}, <strong class="numbers">{tried.written}</strong> have something to be written about
        {languages.length > 0 && <span class="soft"> ({languages.join(', ')})</span>}.
      </p>
      {tried.faults.map((fault) => (
        <p key={fault} class="notice bad small break">
          {fault}
        </p>
      ))}
      {tried.lacking.length + tried.fell.length > 0 && (
        <table class="lacks">
          <caption class="out-of-sight">What the customers lack for {tried.template}</caption>
          <thead class="out-of-sight">
            <tr>
              <th scope="col">Customers</th>
              <th scope="col">What becomes of it</th>
            </tr>
          </thead>
          <tbody>
            {tried.lacking.map(({ what, times }) => (
              <tr key={what}>
                <td class="numbers">{times}</td>
                <td>
                  no letter, for want of <span class="mono">{what}</span>
                </td>
              </tr>
            ))}
            {tried.fell.map(({ block, lacks, times }) => (
              <tr key={`${block} ${lacks}`}>
                <td class="numbers">{times}</td>
                <td>
                  <strong>{block}</strong> falls back, for want of <span class="mono">{lacks}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}
