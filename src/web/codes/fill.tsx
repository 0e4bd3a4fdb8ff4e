/** Codes for a pool, pasted or from a file. */
import type { TargetedSubmitEvent } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { PoolUploaded } from '../../studio/api-codes.ts'
import { Fault } from '../parts/basics.tsx'
import { tell } from '../ask.ts'
import { count } from '../words.ts'

const fileBytesMax = 6_000_000

/** `pool` empty: the reader names a new one. */
export function Fill({ pool, onClose }: { pool: string; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [name, setName] = useState(pool)
  const [text, setText] = useState('')
  const [done, setDone] = useState<PoolUploaded | null>(null)
  const [fault, setFault] = useState<Error | null>(null)
  const [note, setNote] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  useEffect(() => dialog.current?.showModal(), [])
  const read = async (file: File | undefined) => {
    if (file === undefined) return
    if (file.size > fileBytesMax) return setNote('This file is over 6 MB: use beckon codes import.')
    setText(await file.text())
    setNote(`${file.name} is read.`)
  }
  const send = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    setBusy(true)
    setFault(null)
    try {
      setDone(await tell<PoolUploaded>(`codes/pools/${encodeURIComponent(name.trim())}`, { text }))
    } catch (error) {
      setFault(error as Error)
    }
    setBusy(false)
  }
  return (
    <dialog ref={dialog} class="code-fill" onClose={onClose} aria-labelledby="fill-title">
      {done !== null ? (
        <div class="stack">
          <h2 id="fill-title">{count(done.added, 'code')} added</h2>
          <p role="status">
            {done.known > 0 && `${count(done.known, 'code')} were there already. `}
            {done.pool} has {count(done.free, 'free code')} now.
          </p>
          {done.rejectedTotal > 0 && (
            <>
              <p>{count(done.rejectedTotal, 'line')} not taken:</p>
              <ul class="code-rejected">
                {done.rejected.map(({ index, code, about }) => (
                  <li key={index}>
                    <span class="mono break">{code === '' ? '(nothing)' : code}</span> <span class="soft">{about}</span>
                  </li>
                ))}
              </ul>
            </>
          )}
          <div class="actions">
            <button type="button" class="button strong" onClick={() => dialog.current?.close()}>
              Done
            </button>
          </div>
        </div>
      ) : (
        <form onSubmit={(event) => void send(event)}>
          <h2 id="fill-title">{pool === '' ? 'A new pool' : `Add codes to ${pool}`}</h2>
          {pool === '' && (
            <div class="field">
              <label for="fill-name">Name, as the letter’s rule has it</label>
              <input
                id="fill-name"
                required
                maxLength={64}
                autoComplete="off"
                spellcheck={false}
                value={name}
                onInput={(event) => setName(event.currentTarget.value)}
              />
            </div>
          )}
          <div class="field">
            <label for="fill-text">Codes, each good for one order: one a line, CSV or JSON</label>
            <textarea id="fill-text" rows={8} required spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
          </div>
          <div class="field">
            <label for="fill-file">Or from a file</label>
            <input id="fill-file" type="file" accept=".csv,.txt,.tsv,.json,text/*" onChange={(event) => void read(event.currentTarget.files?.[0])} />
          </div>
          {note !== null && (
            <p class="soft small" role="status">
              {note}
            </p>
          )}
          {fault && <Fault fault={fault} />}
          <div class="actions">
            <button type="button" class="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" class="button strong" disabled={busy || text.trim() === '' || name.trim() === ''}>
              {busy ? 'Adding…' : 'Add them'}
            </button>
          </div>
        </form>
      )}
    </dialog>
  )
}
