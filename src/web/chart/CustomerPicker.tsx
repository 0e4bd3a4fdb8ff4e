/** A search box that suggests customers as one types; arrows, Enter and Escape as in any combobox. */
import type { TargetedKeyboardEvent } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { CustomerList, CustomerRow } from '../../studio/api.ts'
import { withQuery } from '../ask.ts'
import { useAsk, useSettled } from '../hooks.ts'
import { SearchIcon } from '../parts/icons.tsx'

const suggestionsMax = 8

/** `purpose`: what for, after "Show a customer". */
export function CustomerPicker({ onPick, purpose = 'on the machine' }: { onPick: (id: number, name: string) => void; purpose?: string }) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const query = useSettled(text.trim(), 150)
  const { value, fault, loading } = useAsk<CustomerList>(open ? withQuery('customers', { query, limit: suggestionsMax }) : null)
  const found = value?.customers ?? []
  useEffect(() => setAt(-1), [query])

  const pick = ({ id, name }: CustomerRow) => {
    setText('')
    setOpen(false)
    input.current?.blur()
    onPick(id, name)
  }
  const press = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    const to = { ArrowDown: at + 1, ArrowUp: at === -1 ? found.length - 1 : at - 1 }[event.key]
    if (event.key === 'Escape') setOpen(false)
    const chosen = found[at] ?? (found.length === 1 ? found[0] : undefined)
    if (event.key === 'Enter' && open && chosen) pick(chosen)
    if (to === undefined) return
    event.preventDefault()
    setOpen(true)
    setAt(found.length === 0 ? -1 : (to + found.length) % found.length)
  }
  return (
    <div class="picker">
      <SearchIcon />
      <input
        ref={input}
        type="text"
        role="combobox"
        placeholder="Show a customer: e-mail or id"
        aria-label={`Show a customer ${purpose}: search by e-mail or id`}
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && found[at] ? `${id}-${at}` : undefined}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value)
          setOpen(true)
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={press}
      />
      <ul id={`${id}-list`} role="listbox" aria-label="Customers" hidden={!open || found.length === 0}>
        {found.map((row, i) => (
          <li
            key={row.id}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === at}
            // The click must come before the box loses its focus and closes the list.
            onMouseDown={(event) => {
              event.preventDefault()
              pick(row)
            }}
          >
            <span class="name">{row.name}</span>
            {row.email !== null && row.email !== row.name && <span class="soft small name">{row.email}</span>}
          </li>
        ))}
      </ul>
      {open && found.length === 0 && !loading && (
        <p class="none soft small" role="status">
          {fault ? 'The server cannot be asked just now.' : query === '' ? 'Nobody is here yet.' : 'Nobody by that name, e-mail or id.'}
        </p>
      )}
    </div>
  )
}
