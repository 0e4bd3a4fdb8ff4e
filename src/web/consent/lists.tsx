/** Lists of consents: one taken in, in pieces, and all of them to download. */
import type { TargetedEvent } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { ConsentUpload } from '../../studio/api-consent.ts'
import { tell } from '../ask.ts'
import { Confirm } from '../parts/basics.tsx'
import { number } from '../words.ts'

/** So much of a list goes to the server at once, characters. */
const pieceCharsMax = 150_000

export function Lists({ again }: { again: () => void }) {
  const [file, setFile] = useState<File | null>(null)
  const [done, setDone] = useState<ConsentUpload | null>(null)
  const [isAsking, setAsking] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const choose = (event: TargetedEvent<HTMLInputElement>) => {
    const [chosen] = event.currentTarget.files ?? []
    setDone(null)
    setFile(chosen ?? null)
    if (chosen) setAsking(true)
  }
  const take = async () => {
    if (file === null) return
    const sum: ConsentUpload = { taken: 0, refused: 0, reasons: [] }
    let before = 0
    for (const { text, rows } of piecesOf(await file.text())) {
      const { taken, refused, reasons } = await tell<ConsentUpload>('consent', { text })
      sum.taken += taken
      sum.refused += refused
      sum.reasons.push(...reasons.map(({ row, why }) => ({ row: row + before, why })))
      before += rows
    }
    setDone(sum)
    again()
  }
  return (
    <section class="card" aria-labelledby="lists-title">
      <header>
        <h2 id="lists-title">Lists</h2>
      </header>
      <div class="body stack">
        <p class="soft small">
          CSV or JSON lines with the columns <code>email</code>, <code>user_id</code>, <code>status</code>, <code>topics</code>, <code>source</code>,{' '}
          <code>at</code>. A yes on a list lifts nobody’s no, and the same row counts once.
        </p>
        <input ref={input} class="out-of-sight" id="list" type="file" accept=".csv,.ndjson,.jsonl,.txt,text/csv" onChange={choose} />
        <div class="row">
          <label class="button" for="list">
            Take a list in
          </label>
          <a class="button" href="/studio/api/consent/export?format=csv" download="consents.csv">
            Download CSV
          </a>
          <a class="button quiet" href="/studio/api/consent/export?format=ndjson" download="consents.ndjson">
            JSON lines
          </a>
        </div>
        {done !== null && (
          <div class="notice" role="status">
            <p>
              <strong>{number(done.taken)} taken</strong>, {number(done.refused)} refused.
            </p>
            {done.reasons.slice(0, 8).map(({ row, why }) => (
              <p key={row} class="small break">
                Row {row}: {why}
              </p>
            ))}
          </div>
        )}
        {isAsking && file !== null && (
          <Confirm
            title={`Take in ${file.name.slice(0, 60)}?`}
            yes="Take it in"
            onYes={take}
            onClose={() => {
              setAsking(false)
              if (input.current) input.current.value = ''
            }}
          >
            <p>Each row becomes an event of its customer. Nobody is written to for being on it.</p>
          </Confirm>
        )}
      </div>
    </section>
  )
}

/** A list in pieces of whole rows, each with the line of names; a line inside quotes is no end of a row. */
function piecesOf(text: string): { text: string; rows: number }[] {
  const lines = text.split('\n')
  const isTable = !/^\s*\{/.test(text.replace(/^\uFEFF/, ''))
  const head = isTable ? `${lines.shift() ?? ''}\n` : ''
  const pieces: { text: string; rows: number }[] = []
  let piece = head
  let rows = 0
  let isQuoted = false
  for (const line of lines) {
    piece += `${line}\n`
    if (isTable && (line.split('"').length - 1) % 2 === 1) isQuoted = !isQuoted
    if (isQuoted) continue
    if (line.trim() !== '') rows++
    if (piece.length < pieceCharsMax) continue
    pieces.push({ text: piece, rows })
    piece = head
    rows = 0
  }
  return rows > 0 || pieces.length === 0 ? [...pieces, { text: piece, rows }] : pieces
}
