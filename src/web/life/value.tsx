/** Values that customers sent, as text and nothing else, however long they are. */
const shownCharsMax = 240

/** The address when it is one of the web's, else null: nothing else becomes a link or a picture. Pure. */
export function webUrl(text: unknown): string | null {
  if (typeof text !== 'string') return null
  try {
    const { protocol, href } = new URL(text)
    return protocol === 'https:' || protocol === 'http:' ? href : null
  } catch {
    return null
  }
}

/** JSON set out over lines; what is no JSON stays as it is. Pure. */
export function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2)
  } catch {
    return json
  }
}

const textOf = (value: unknown) =>
  typeof value === 'string' ? value : typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : String(value)

export function Value({ value }: { value: unknown }) {
  const text = textOf(value)
  if (text.length > shownCharsMax)
    return (
      <details class="long-value">
        <summary>
          <span class="break">{text.slice(0, 120)}…</span> <span class="soft small">{text.length.toLocaleString()} characters</span>
        </summary>
        <pre class="sheet-of-text" tabIndex={0}>
          {text}
        </pre>
      </details>
    )
  return typeof value === 'object' && value !== null ? <pre class="small">{text}</pre> : <span class="break">{text}</span>
}
