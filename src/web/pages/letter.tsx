/** A letter on a page of its own. */
import { LetterView } from '../letters/letter-view.tsx'
import { withQuery } from '../ask.ts'
import { useStore, useTitle } from '../hooks.ts'
import { place } from '../router.ts'

export function Letter({ params }: { params: string[] }) {
  useTitle('Letter')
  const query = useStore(place, ({ query }) => query)
  // The list is as it was left.
  const filter = { state: query.get('state'), template: query.get('template') }
  return (
    <>
      <nav class="letter-back" aria-label="Back">
        <a href={withQuery('/studio/inbox', filter)}>← {filter.state === null && filter.template === null ? 'All letters' : 'Back to the list'}</a>
      </nav>
      <LetterView id={Number(params[0])} heading={1} />
    </>
  )
}
