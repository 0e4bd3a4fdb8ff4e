/** A letter on a page of its own. */
import { LetterView } from '../letters/letter-view.tsx'
import { useTitle } from '../hooks.ts'

export function Letter({ params }: { params: string[] }) {
  useTitle('Letter')
  return (
    <>
      <nav class="letter-back" aria-label="Back">
        <a href="/studio/inbox">← All letters</a>
      </nav>
      <LetterView id={Number(params[0])} heading={1} />
    </>
  )
}
