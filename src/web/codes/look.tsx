/** One code, looked up: whose it is, and all that happened to it. */
import type { TargetedSubmitEvent } from 'preact'
import { useState } from 'preact/hooks'
import type { CodeLook, CodeRow } from '../../studio/api-codes.ts'
import { Fault, Time } from '../parts/basics.tsx'
import { ask, withQuery } from '../ask.ts'
import { useNow } from '../hooks.ts'
import { CodeChip } from './chip.tsx'

export function Look() {
  const [text, setText] = useState('')
  const [found, setFound] = useState<CodeLook | null>(null)
  const [fault, setFault] = useState<Error | null>(null)
  const look = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (text.trim() === '') return
    try {
      setFound(await ask<CodeLook>(withQuery('codes/look', { code: text })))
      setFault(null)
    } catch (error) {
      setFault(error as Error)
    }
  }
  return (
    <section class="card" aria-labelledby="look-title">
      <header>
        <h2 id="look-title">Look up a code</h2>
      </header>
      <form class="body stack" onSubmit={(event) => void look(event)}>
        <div class="code-ask">
          <input
            aria-label="Code"
            class="mono"
            placeholder="as the customer tells it"
            value={text}
            maxLength={200}
            autoComplete="off"
            autoCapitalize="characters"
            spellcheck={false}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <button type="submit" class="button">
            Look
          </button>
        </div>
        {fault && <Fault fault={fault} />}
        <div role="status">
          {found !== null && 'none' in found && (
            <p class="notice">
              {found.none === 'mistyped' ? 'A slip: a character is wrong, missing or swapped. Have it read out again.' : 'No letter and no pool has this code.'}
            </p>
          )}
          {found !== null && 'code' in found && <Story code={found.code} />}
        </div>
      </form>
    </section>
  )
}

function Story({ code }: { code: CodeRow }) {
  const now = useNow(30_000)
  const { letter, pool, percent, template, addedAt, reservedAt, leftAt, expiresAt, redeemedAt, orderId, state } = code
  const steps: [at: number | null, words: string][] = [
    [pool === null ? null : addedAt, `uploaded to ${pool}`],
    [reservedAt, `${pool === null ? 'made' : 'reserved'} for ${template ?? 'a letter'}`],
    [leftAt, 'sent'],
    [redeemedAt, orderId === null ? 'redeemed' : `redeemed by order ${orderId}`],
    [expiresAt, (expiresAt ?? 0) < now ? 'expired' : 'expires'],
  ]
  return (
    <div class="code-story stack">
      <p>
        <strong class="mono break">{code.code}</strong> <CodeChip state={state} />
      </p>
      <p class="small">
        {percent !== null && `${percent}% off. `}
        {letter === null ? (
          <span class="soft">{state === 'free' ? 'No letter has it yet.' : 'Its customer was erased.'}</span>
        ) : (
          <>
            For <a href={`/studio/customers/${letter.customer}`}>{letter.recipient}</a>, in <a href={`/studio/inbox/${letter.id}`}>letter {letter.id}</a>
            {leftAt === null && ', which has not left yet'}
          </>
        )}
      </p>
      <ol class="code-steps">
        {steps
          .filter((step): step is [number, string] => step[0] !== null)
          .toSorted((a, b) => a[0] - b[0])
          .map(([at, words]) => (
            <li key={words} class={at > now ? 'soft' : ''}>
              <Time at={at} now={now} /> <span class="break">{words}</span>
            </li>
          ))}
      </ol>
    </div>
  )
}
